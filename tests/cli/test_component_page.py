"""Pages of components are what specs and docstrings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from alseg import ClassInfo, LabelSpace, RecipeSpec
from alseg.cli.component_page import component_page
from alseg.contracts import Interval
from alseg.registry.entries import Entry, PluginInfo
from alseg.registry.loading import load_registry
from alseg.registry.registry import KINDS
from install import skip_unless_alseg_is_installed

PLUGIN = PluginInfo("demo", "alseg-demo", "0.1")


@dataclass(frozen=True)
class Calm:
    """Cross-entropy, slowly.

    A step

    1. draws a batch of both
       domains;
    2. learns.

    Attributes:
        rate: Of learning, such as ``a|b``.
        start: Where it begins.

    Source:
        Someone, 2020. Warm only there,
        ``start`` here.
    """

    rate: Annotated[float, Interval(gt=0, le=1)] = 0.5
    start: Literal["warm", "cold"] = "warm"


def test_a_page_has_the_facts_of_the_spec_and_the_lists_of_the_docstring() -> None:
    spec = RecipeSpec(
        name="calm", summary="Slow.", source="A | B, 2020.", build=Calm, provides=("output:calm", "features")
    )
    assert component_page("recipes", Entry(spec, PLUGIN)).splitlines() == [
        "# `calm`",
        "",
        "Slow.",
        "",
        "| | |",
        "|---|---|",
        "| plugin | `demo` |",
        "| named by | `recipe`, of the experiment or of one method |",
        "| provides | `output:calm`, `features` |",
        "| source | A \\| B, 2020. |",
        "",
        "## What it does",
        "",
        "Cross-entropy, slowly.",
        "",
        "A step",
        "",
        "1. draws a batch of both domains;",
        "2. learns.",
        "",
        "## Source and deviations",
        "",
        "Someone, 2020. Warm only there, `start` here.",
        "",
        "## Parameters",
        "",
        "| key | what | type | default |",
        "|---|---|---|---|",
        "| `rate` | Of learning, such as `a\\|b`. | float (above 0, at most 1) | `0.5` |",
        "| `start` | Where it begins. | 'warm' or 'cold' | `warm` |",
    ]


def test_a_page_of_a_label_space_has_its_classes() -> None:
    classes = (ClassInfo("road", (128, 64, 128)), ClassInfo("nature", (0, 99, 0), ("tree", "terrain")))
    space = LabelSpace("two", "Two classes.", "A site.", classes, {"green": ("nature",)})
    page = component_page("label_spaces", Entry(space, PLUGIN)).splitlines()
    assert "| subsets | green: nature |" in page
    assert page[-2:] == [
        "| 0 | road | 128, 64, 128 |  |",
        "| 1 | nature | 0, 99, 0 | tree, terrain |",
    ]


def test_every_parameter_of_our_components_is_described() -> None:
    skip_unless_alseg_is_installed()
    registry = load_registry()
    undescribed = [
        f"{kind} {name}: {line}"
        for kind in set(KINDS) - {"acquisitions"}
        for name, entry in registry.entries(kind).items()
        for line in component_page(kind, entry).splitlines()
        if line.startswith("| `") and "` |  |" in line
    ]
    assert undescribed == []
