"""Partitions of images: squares, superpixels (SLIC, SEEDS), masks from files, and superpixels that merge."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import PartitionSpec
from alseg_partitions.adaptive import Amsl, Gao
from alseg_partitions.grid import Grid
from alseg_partitions.masks import Masks
from alseg_partitions.superpixels import Seeds, Slic


@hookimpl
def register_partitions() -> list[PartitionSpec]:
    """Offer ``grid``, ``slic``, ``seeds``, ``file``, ``amsl`` and ``gao``."""
    return [
        PartitionSpec(
            name="grid",
            summary="Squares of the same side, cut at the right and at the bottom.",
            source="Casanova et al., ICLR 2020, arXiv:2002.06583, and others.",
            build=Grid,
        ),
        PartitionSpec(
            name="slic",
            summary="SLIC superpixels: clusters of colour and place, about as many as asked for.",
            source="Achanta et al., PAMI 2012, as in OpenCV; D2ADA (arXiv:2202.06484) has 40 an image.",
            build=Slic,
        ),
        PartitionSpec(
            name="seeds",
            summary="SEEDS superpixels: blocks whose borders move towards edges.",
            source="Van den Bergh et al., ECCV 2012; as in OpenCV, with the values of Cai et al., CVPR 2021.",
            build=Seeds,
        ),
        PartitionSpec(
            name="file",
            summary="Regions from one image of ids for each image, such as the masks of SAM.",
            source="Your own files.",
            build=Masks,
        ),
        PartitionSpec(
            name="amsl",
            summary="Superpixels, merged in each round with neighbours of like predictions.",
            source="Kim et al. (AMSL), ICCV 2023, arXiv:2303.16817.",
            build=Amsl,
            needs=("logits", "probs"),
        ),
        PartitionSpec(
            name="gao",
            summary="Superpixels; in the first round sure ones of like predictions are one region.",
            source="Gao et al., ECCV 2024, doi:10.1007/978-3-031-72754-2_23.",
            build=Gao,
            needs=("logits", "probs"),
        ),
    ]
