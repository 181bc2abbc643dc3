"""A plugin that offers a new name and one that comes with alseg: neither is used."""

from alseg import AcquisitionSpec, hookimpl


class Nothing:
    def score(self, view):
        return view.probs[0]


@hookimpl
def register_acquisitions():
    return [
        AcquisitionSpec(name=name, summary="Nothing.", source="none", build=Nothing)
        for name in ("mine", "random")
    ]
