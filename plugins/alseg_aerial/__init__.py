"""Aerial data sets in their real layouts and their label spaces: LoveDA, ISPRS Potsdam and Vaihingen."""

from __future__ import annotations

from alseg import DatasetSpec, LabelSpace, hookimpl
from alseg_aerial import loveda, potsdam, vaihingen
from alseg_aerial.spaces import ISPRS_6, LOVEDA_7


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    """Offer ``isprs-6`` and ``loveda-7``."""
    return [ISPRS_6, LOVEDA_7]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer ``loveda``, ``potsdam`` and ``vaihingen``."""
    return [
        DatasetSpec(
            name="loveda",
            summary="Aerial photographs of towns and country in China, 1024 x 1024; 2,522 train, 1,669 val.",
            source="Wang et al., NeurIPS 2021, arXiv:2110.08733",
            build=loveda.build_loveda,
            write_fake=loveda.write_fake,
            expected=loveda.expected,
            label_space=LOVEDA_7.name,
            splits=loveda.SPLITS,
        ),
        DatasetSpec(
            name="potsdam",
            summary="Aerial photographs of Potsdam in tiles of 512 x 512; 3,456 train, 2,016 val.",
            source="ISPRS 2D Semantic Labeling Contest, 2013",
            build=potsdam.build_potsdam,
            write_fake=potsdam.SURVEY.write_fake,
            expected=potsdam.SURVEY.expected,
            label_space=ISPRS_6.name,
        ),
        DatasetSpec(
            name="vaihingen",
            summary="Aerial infrared photographs of Vaihingen in tiles of 512 x 512; 344 train, 398 val.",
            source="ISPRS 2D Semantic Labeling Contest, 2013",
            build=vaihingen.build_vaihingen,
            write_fake=vaihingen.SURVEY.write_fake,
            expected=vaihingen.SURVEY.expected,
            label_space=ISPRS_6.name,
        ),
    ]
