"""docs/methods is what specs and docstrings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import torch

from alseg import AcquisitionSpec, AlsegError
from alseg.cli.method_page import method_page
from alseg.cli.method_reference import own_acquisitions, with_method_tables, write_pages
from alseg.contracts import Interval, TargetView
from alseg.registry.entries import Entry, PluginInfo
from alseg.registry.loading import load_registry
from alseg.registry.registry import Registry
from alseg.registry.signatures import parameters_of
from alseg.text.docstrings import docstring_of
from documents import DOCS
from install import skip_unless_alseg_is_installed

FOLDER = DOCS / "methods"
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")
COMMAND = "run python -m alseg.cli.method_reference docs/methods"


@dataclass(frozen=True)
class Doubt:
    """``u^power``, u the doubt.

    Attributes:
        power: Of the doubt.
        doubt: What it is.
    """

    power: Annotated[float, Interval(gt=0, le=9)] = 1.0
    doubt: Literal["entropy", "margin"] = "entropy"

    def score(self, view: TargetView) -> torch.Tensor:
        """Return the power, float32 ``(H, W)``, at least 0.

        Raises:
            ValueError: If there is one class only.
        """
        return view.probs[0] ** self.power


SPEC = AcquisitionSpec(
    name="doubt",
    summary="What is doubtful.",
    source="A paper, 2020.",
    build=Doubt,
    units=("part", "image"),
    differs="The code forgets the power.",
)
ENTRY = Entry(SPEC, PluginInfo("demo", "alseg", "0.1"))


@pytest.fixture(scope="module")
def registry() -> Registry:
    skip_unless_alseg_is_installed()
    return load_registry()


def test_the_committed_tables_are_those_of_the_specs(registry: Registry) -> None:
    specs = [entry.spec for entry in own_acquisitions(registry)]
    assert with_method_tables(INDEX, specs) == INDEX, COMMAND


def test_every_acquisition_has_its_page_as_committed_and_no_other_has(registry: Registry) -> None:
    pages = {entry.spec.name: method_page(entry) for entry in own_acquisitions(registry)}
    committed = {file.stem: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    del committed["README"]
    assert len(pages) > 30
    assert committed == pages, COMMAND


def test_every_parameter_of_our_acquisitions_is_described(registry: Registry) -> None:
    def described(spec: AcquisitionSpec) -> Mapping[str, str]:
        return {**docstring_of(type(spec.build())).parameters, **docstring_of(spec.build).parameters}

    without = [
        f"{entry.spec.name}: {parameter.name}"
        for entry in own_acquisitions(registry)
        for parameter in parameters_of(entry.spec)
        if not described(entry.spec).get(parameter.name)
    ]
    assert without == []


def test_a_page_has_the_facts_of_the_spec_and_the_words_of_the_docstrings() -> None:
    page = method_page(ENTRY)
    assert page.splitlines()[1:] == [
        "",
        "# `doubt`",
        "",
        "What is doubtful.",
        "",
        "| | |",
        "|---|---|",
        "| plugin | `demo` |",
        "| kind | `score`: scores the pixels of each image |",
        "| questions about | pixels, images |",
        "| needs | `logits` |",
        "| looks at | target images |",
        "| cost | one forward pass for each image |",
        "| source | A paper, 2020. |",
        "| released code | The code forgets the power. |",
        "",
        "## What it asks for",
        "",
        "`u^power`, u the doubt.",
        "",
        "| call | returns |",
        "|---|---|",
        "| `score(view)` | the power, float32 `(H, W)`, at least 0. |",
        "",
        "## Parameters",
        "",
        "| key | what | type | default |",
        "|---|---|---|---|",
        "| `power` | Of the doubt. | float (above 0, at most 9) | `1.0` |",
        "| `doubt` | What it is. | 'entropy' or 'margin' | `entropy` |",
    ]


def test_pages_of_acquisitions_that_are_no_more_are_removed_and_others_kept(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(INDEX, encoding="utf-8")
    (tmp_path / "notes.md").write_text("# Notes\n", encoding="utf-8")
    (tmp_path / "gone.md").write_text((FOLDER / "entropy.md").read_text("utf-8"), encoding="utf-8")
    write_pages(tmp_path, [ENTRY])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["README.md", "doubt.md", "notes.md"]
    row = "| [`doubt`](doubt.md) | What is doubtful. | `score` | pixels, images | `logits` | A paper, 2020. |"
    assert row in (tmp_path / "README.md").read_text(encoding="utf-8").splitlines()


def test_an_index_without_a_table_is_refused() -> None:
    text = "<!-- acquisitions of the pool, from their specs -->\n\n<!-- end of acquisitions -->"
    with pytest.raises(AlsegError) as raised:
        with_method_tables(text, [SPEC])
    assert str(raised.value) == (
        "README.md has tables of acquisitions of the pool; it needs one each of one prediction, several "
        "predictions, the pool, labels."
    )
