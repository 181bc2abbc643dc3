"""Ask where the two likeliest classes are closest."""

from alseg import AcquisitionSpec, hookimpl


class MarginDemo:
    def score(self, view):
        """Return minus the gap between the two highest probabilities: higher is asked first."""
        first, second = view.probs.topk(2, dim=0).values
        return second - first


@hookimpl
def register_acquisitions():
    """Offer ``margin-demo``."""
    summary = "Smallest gap between the two likeliest classes."
    return [AcquisitionSpec(name="margin-demo", summary=summary, source="Scheffer 2001", build=MarginDemo)]
