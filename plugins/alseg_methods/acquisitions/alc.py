"""ALC: regions whose correction says most about labels that they have already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from alseg.contracts import AcquisitionSpec, TargetView, Temperature

if TYPE_CHECKING:
    import torch


class Corrections(NamedTuple):
    """What asking about the label of each region is worth.

    Attributes:
        representative: int64 ``(R, 2)``, the pixel ``(y, x)`` to ask about; -1 for a region without pixels.
        doubt: float64 ``(R,)``, at this pixel 1 less the soft label of the noisy class, 0 to 1.
        mean_doubt: float64 ``(R,)``, the same averaged over the region.
        look_ahead: float64 ``(R,)``, the sum over the region of doubt times cosine to the representative.
        expanded: int64 ``(R,)``, pixels that the answer is for: those with a cosine of at least 0.
    """

    representative: torch.Tensor
    doubt: torch.Tensor
    mean_doubt: torch.Tensor
    look_ahead: torch.Tensor
    expanded: torch.Tensor


def corrections(soft: torch.Tensor, noisy: torch.Tensor, regions: torch.Tensor) -> Corrections:
    """Return the worth of a correction of each region.

    The representative of a region is, among the pixels with the class that is likeliest at most of its
    pixels, the one whose soft label has the largest cosine to their mean, the first of equals.

    Args:
        soft: float ``(C, H, W)``, soft labels, such as the softmax of a network.
        noisy: uint8 ``(H, W)``, the labels to be corrected; where 255, the likeliest class of the soft label.
        regions: int ``(H, W)``, ids 0 to R - 1.

    Returns:
        Tensors on the device of ``soft``.

    Source:
        Kim et al. (ALC), ICML 2024, arXiv:2403.10820. Same as the released code.
    """
    import torch
    from torch.nn.functional import normalize

    from alseg.contracts import IGNORE_INDEX
    from alseg.toolkit.regions import group_peaks, modal_classes, region_means

    ids = regions.to(soft.device).long()
    count = int(ids.max()) + 1
    likeliest = soft.argmax(0)
    commonest = likeliest == modal_classes(likeliest, ids, len(soft), count)[ids]
    # Those of another class make one more region.
    typical = region_means(soft, torch.where(commonest, ids, count), count + 1)
    directions = normalize(soft.double(), dim=0)
    cosine = (directions * normalize(typical, dim=1)[ids].movedim(2, 0)).sum(0)
    flat = ids.flatten()
    peaks = group_peaks(cosine.masked_fill(~commonest, -torch.inf).flatten()[:, None], flat, count)[:, 0]
    like = (directions * directions.flatten(1).T[peaks][ids].movedim(2, 0)).sum(0)
    known = torch.where(noisy.to(soft.device) == IGNORE_INDEX, likeliest, noisy.to(soft.device).long())
    doubt = 1 - soft.double().gather(0, known[None])[0]
    fits = like >= 0
    gains = torch.where(fits, like * doubt, 0.0).flatten()
    places = torch.stack([peaks // ids.shape[1], peaks % ids.shape[1]], dim=1)
    return Corrections(
        representative=places.masked_fill((peaks < 0)[:, None], -1),
        doubt=doubt.flatten()[peaks],
        mean_doubt=region_means(doubt, ids, count),
        look_ahead=gains.new_zeros(count).index_add(0, flat, gains),
        expanded=flat[fits.flatten()].bincount(minlength=count),
    )


@dataclass(frozen=True)
class Alc:
    r"""Sum over a region of doubt times likeness to its representative pixel: the look-ahead score.

    Soft labels are the network's softmax, noisy labels its prediction, so that doubt is 1 less the largest
    probability. The paper's noisy labels come from a foundation model and stay in the training set until they
    are corrected.

    Formula:
        s_R = \sum_{j \in R} \cos(p_j, p_r) \left( 1 - \max_c p_{j,c} \right)

        R is a region and r its representative pixel: of those with the class that most of its pixels have,
        the one whose softmax $`p_r`$ has the largest cosine to their mean softmax. Where two softmax are
        orthogonal, a pixel adds nothing.

    Attributes:
        temperature: Divides the logits before the softmax.
    """

    temperature: Temperature = 1.0

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the look-ahead score of each pixel's region, float32 ``(H, W)``, at least 0."""
        from alseg.toolkit.regions import parts_of

        parts = parts_of(view)
        soft = (view.logits / self.temperature).softmax(0)
        return corrections(soft, soft.argmax(0).byte(), parts).look_ahead.float()[parts]


SPEC = AcquisitionSpec(
    name="alc",
    summary="Doubt about the prediction, summed over all pixels of a region like its representative one.",
    source="Kim et al. (ALC), ICML 2024, arXiv:2403.10820, its look-ahead score.",
    build=Alc,
    units=("region", "image"),
    differs="The paper corrects labels of a foundation model; here the network's own prediction is in doubt.",
)
