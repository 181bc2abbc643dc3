from __future__ import annotations

import pytest

from alseg.text.links import link_in


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("Xie et al., CVPR 2022, arXiv:2111.12940, eq. 2-4.", "https://arxiv.org/abs/2111.12940"),
        ("arxiv: 2111.12940v2", "https://arxiv.org/abs/2111.12940v2"),
        ("Brostow et al., doi:10.1016/j.patrec.2008.04.005.", "https://doi.org/10.1016/j.patrec.2008.04.005"),
        (
            "Brostow et al., 10.1016/j.patrec.2008.04.005, 2009",
            "https://doi.org/10.1016/j.patrec.2008.04.005",
        ),
        ("See https://doi.org/10.1000/182.", "https://doi.org/10.1000/182"),
        ("cityscapes-dataset.com, 2016", "https://cityscapes-dataset.com"),
        ("Read (<https://example.org/a b>)", "https://example.org/a"),
        ("The usual baseline.", None),
        ("Version 10.5 of a book", None),
    ],
)
def test_a_source_names_its_page(source: str, address: str | None) -> None:
    assert link_in(source) == address
