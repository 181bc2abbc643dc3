"""The tables of keys in docs/experiments.md are those of the sections."""

from __future__ import annotations

from typing import Annotated

import pytest
from annotated_types import Interval

from alseg import AlsegError
from alseg.config.reference import SECTIONS, key_table, with_key_tables
from alseg.config.schema import Section, key, required_key
from documents import DOCS

TEXT = (DOCS / "experiments.md").read_text(encoding="utf-8")


def test_the_committed_tables_are_those_of_the_sections() -> None:
    assert with_key_tables(TEXT) == TEXT, "run python -m alseg.config.reference docs/experiments.md"


def test_a_row_that_was_edited_by_hand_is_written_anew() -> None:
    row = "| `flip` | average the prediction with that of the mirrored image | `false` |"
    assert with_key_tables(TEXT.replace(row, "| `flip` | both ways | `true` |")) == TEXT
    assert row in TEXT


@pytest.mark.parametrize("section", SECTIONS.values())
def test_every_key_is_described(section: type[Section]) -> None:
    assert section.model_fields
    assert all(field.description for field in section.model_fields.values())


def test_a_row_has_description_bounds_and_default() -> None:
    class Crop(Section):
        name: str | None = required_key("what people call it")
        size: tuple[Annotated[int, Interval(ge=1, le=65_536)], ...] = key("sides in pixels", (4, 8))
        minutes: Annotated[float, Interval(gt=0, le=5)] = key("how long", 2.0)
        seed: Annotated[int, Interval(ge=0, le=2**63 - 1)] = key("a whole number", 0)
        cache: str | None = key("a folder", default_text="none")
        settings: dict[str, int] | None = key("more", default_text="")

    assert key_table(Crop).splitlines() == [
        "| key | what | default |",
        "|---|---|---|",
        "| `name` | what people call it | required |",
        "| `size` | sides in pixels; bounds: 1 to 65,536 | `[4, 8]` |",
        "| `minutes` | how long; bounds: above 0, at most 5 | `2` |",
        "| `seed` | a whole number; bounds: 0 to 2^63 - 1 | `0` |",
        "| `cache` | a folder | none |",
        "| `settings` | more | |",
    ]


def test_a_document_without_a_table_is_refused() -> None:
    with pytest.raises(AlsegError) as raised:
        with_key_tables("<!-- keys of settings, from alseg/config/sections.py -->\n\n<!-- end of keys -->")
    assert str(raised.value) == (
        "The document has tables of keys for settings; it needs one each for the top level, scenario, "
        "label_space, classes, methods, annotator, people, target_labels, comparisons, evaluation, settings."
    )
