from __future__ import annotations

import sys
import types
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from alseg import AcquisitionSpec, AlsegError, ClassInfo, LabelSpace, ModelSpec, PublishedResult, hookimpl
from alseg.contracts import PartitionSpec, RecipeSpec
from alseg.registry.entries import PluginInfo
from alseg.registry.loading import load_registry, registry_of
from fakeregistry import Fakes, build_nothing
from install import install

TEXTS = {"summary": "One line.", "source": "made up"}


def plugin_of(name: str, **hooks: Any) -> types.SimpleNamespace:
    """Return a plugin object whose hooks return, or are, what is given."""
    plugin = types.SimpleNamespace(__name__=name)
    for hook, answer in hooks.items():
        function = answer if callable(answer) else lambda answer=answer: answer
        setattr(plugin, hook, hookimpl(function))
    return plugin


def failure_of(**hooks: Any) -> str:
    """Return the one failure of a plugin ``foo`` with these hooks, after checking that it offers nothing."""
    registry = registry_of(plugin_of("foo", **hooks))
    assert registry.plugins == ()
    assert not registry.acquisitions
    (failure,) = registry.failures
    prefix = "plugin foo (unpackaged 0) failed at "
    assert failure.message.startswith(prefix)
    return failure.message.removeprefix(prefix)


def published(label: str) -> PublishedResult:
    return PublishedResult(label=label, paper="a paper", source="a", target="b", label_space="c", miou=50.0)


def acquisition(name: Any = "mine", build: Any = build_nothing, **fields: Any) -> AcquisitionSpec:
    return AcquisitionSpec(**{"name": name, "build": build, **TEXTS, **fields})


def test_everything_a_plugin_offers_is_found_by_kind_and_name() -> None:
    registry = registry_of(Fakes())
    assert list(registry.acquisitions) == ["core-set", "random", "ripu", "windowed"]
    assert list(registry.label_spaces) == ["same-two", "two-classes"]
    entry = registry.get("acquisition", "ripu")
    assert (entry.spec.name, entry.plugin) == ("ripu", PluginInfo("Fakes", "unpackaged", "0"))
    assert registry.get("annotation_modes", "image") is registry.annotation_modes["image"]


def test_an_unknown_name_is_answered_with_the_nearest_and_all_names() -> None:
    with pytest.raises(AlsegError) as caught:
        registry_of(Fakes()).get("acquisition", "rippu")
    message = "Unknown acquisition 'rippu'. Did you mean 'ripu'? Available: core-set, random, ripu, windowed."
    assert str(caught.value) == message


def test_an_unknown_kind_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError) as caught:
        registry_of(Fakes()).get("acquisitionz", "ripu")
    assert str(caught.value) == (
        "kind 'acquisitionz' is none of label_spaces, datasets, models, recipes, acquisitions, "
        "annotation_modes, annotators, partitions, observers, executors"
    )


def test_what_is_offered_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        registry_of(Fakes()).models["new"] = None  # type: ignore[index]


def test_a_hook_that_raises_drops_its_whole_plugin_and_no_other() -> None:
    def register_models() -> list[ModelSpec]:
        raise RuntimeError("no model\ntoday")

    broken = plugin_of("broken", register_acquisitions=[acquisition("mine")], register_models=register_models)
    registry = registry_of(broken, Fakes())
    assert [failure.message for failure in registry.failures] == [
        "plugin broken (unpackaged 0) failed at register_models: RuntimeError: no model today"
    ]
    assert "mine" not in registry.acquisitions
    assert [info.name for info in registry.plugins] == ["Fakes"]


def test_a_misspelt_hook_is_reported_with_the_right_name() -> None:
    message = "registration: unknown hook 'register_aquisitions', did you mean 'register_acquisitions'?"
    assert failure_of(register_aquisitions=[]) == message


def test_a_hook_unlike_any_is_answered_with_all_hooks() -> None:
    assert failure_of(zzz=[]) == (
        "registration: unknown hook 'zzz'; hooks: on_round_end, register_acquisitions, "
        "register_annotation_modes, register_annotators, register_datasets, "
        "register_executors, register_label_spaces, register_models, register_observers, "
        "register_partitions, register_published_results, register_recipes"
    )


def test_a_plugin_without_marked_functions_is_reported() -> None:
    registry = registry_of(types.SimpleNamespace(__name__="foo", register_models=lambda: []))
    assert registry.failures[0].message == (
        "plugin foo (unpackaged 0) failed at registration: no function is marked with @alseg.hookimpl"
    )


def test_a_hook_that_wants_unknown_arguments_is_reported_in_one_line() -> None:
    message = failure_of(register_models=lambda registry: [])
    assert message.startswith("registration: PluginValidationError: Plugin 'foo' for hook 'register_models'")
    assert "\n" not in message


def test_a_hook_wrapper_is_refused() -> None:
    @hookimpl(wrapper=True)
    def register_models() -> Any:
        return (yield)

    registry = registry_of(types.SimpleNamespace(__name__="foo", register_models=register_models))
    assert registry.failures[0].error == "hook 'register_models' is a wrapper, which alseg does not support"


def test_a_second_owner_of_a_name_is_reported_with_both_owners_and_dropped() -> None:
    second = plugin_of("second", register_acquisitions=[acquisition("mine"), acquisition("ripu")])
    registry = registry_of(Fakes(), second)
    assert registry.failures[0].message == (
        "plugin second (unpackaged 0) failed at register_acquisitions: "
        "name 'ripu' is already taken by plugin Fakes (unpackaged 0)"
    )
    assert "mine" not in registry.acquisitions
    assert registry.acquisitions["ripu"].plugin.name == "Fakes"


def test_a_plugin_cannot_offer_a_name_twice() -> None:
    message = failure_of(register_acquisitions=[acquisition("mine"), acquisition("mine")])
    assert message == "register_acquisitions: name 'mine' is already taken by plugin foo (unpackaged 0)"


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (None, "TypeError: returned None, expected a list of AcquisitionSpec"),
        (
            acquisition(),
            "TypeError: returned a value of type AcquisitionSpec, expected a list of AcquisitionSpec",
        ),
        (["mine"], "TypeError: returned a list with a value of type str, expected AcquisitionSpec"),
        (
            [ModelSpec(name="mine", build=build_nothing, **TEXTS)],
            "TypeError: returned a list with a value of type ModelSpec, expected AcquisitionSpec",
        ),
        (
            [acquisition("My Name")],
            "ValueError: name 'My Name' is malformed; use lower-case letters and digits with single hyphens",
        ),
        ([acquisition(summary="")], "ValueError: summary of 'mine' is '', expected one line of text"),
        (
            [acquisition(build=3)],
            "TypeError: build of 'mine' is a value of type int, expected a function or class",
        ),
        (
            [acquisition(kind="rank")],
            "TypeError: kind of 'mine' has 'rank', expected 'score' or 'select' or 'pool'",
        ),
        ([acquisition(needs="logits")], "TypeError: needs of 'mine' is 'logits', expected a tuple"),
        (
            [acquisition(needs=("depth",))],
            "TypeError: needs of 'mine' has 'depth', expected one of "
            "'logits', 'probs', 'features', 'image', 'regions', 'moments', 'bought', 'revealed', 'previous', "
            "'true_labels', 'output:NAME'",
        ),
        (
            [acquisition(kind="select", needs=("features", "true_labels"))],
            "TypeError: needs of 'mine' has 'true_labels', but of kind 'select' it sees mean features only",
        ),
        ([acquisition(build=lambda radius: radius)], "TypeError: parameter 'radius' of 'mine' has no type"),
        (
            [acquisition(build=lambda **options: options)],
            "TypeError: build of 'mine' takes **options; name every parameter and give its type",
        ),
    ],
)
def test_a_wrong_return_value_is_reported(returned: Any, problem: str) -> None:
    assert failure_of(register_acquisitions=lambda: returned) == f"register_acquisitions: {problem}"


def test_a_partition_needs_words_that_there_are_and_no_moments() -> None:
    spec = PartitionSpec(name="mine", build=build_nothing, needs=("moments",), **TEXTS)
    assert failure_of(register_partitions=lambda: [spec]) == (
        "register_partitions: TypeError: needs of 'mine' has 'moments', expected one of 'logits', 'probs', "
        "'features', 'image', 'regions', 'bought', 'revealed', 'previous', 'output:NAME'"
    )


def test_a_recipe_can_provide_named_outputs_only() -> None:
    recipe = RecipeSpec(name="mine", build=build_nothing, provides=("features",), **TEXTS)
    problem = "TypeError: provides of 'mine' has 'features', expected 'output:NAME'"
    assert failure_of(register_recipes=[recipe]) == f"register_recipes: {problem}"


def test_a_default_that_is_not_of_its_type_is_reported() -> None:
    def build(share: float, count: int = 1, radius: int = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
        return None

    problem = "TypeError: default None of parameter 'radius' of 'mine' is not int"
    assert failure_of(register_acquisitions=[acquisition(build=build)]) == f"register_acquisitions: {problem}"


def test_a_builder_that_cannot_take_what_the_core_fills_in_is_reported() -> None:
    model = ModelSpec(name="mine", build=build_nothing, **TEXTS)
    message = "register_models: TypeError: build of 'mine' must take num_classes"
    assert failure_of(register_models=[model]) == message


def test_a_label_space_that_cannot_be_used_is_reported() -> None:
    road = ClassInfo("road", (0, 0, 0))
    space = LabelSpace(name="roads", classes=(road, road), **TEXTS)
    message = "register_label_spaces: ValueError: label space 'roads' has two classes named 'road'"
    assert failure_of(register_label_spaces=[space]) == message


def test_published_results_are_collected_in_the_order_offered() -> None:
    registry = registry_of(
        plugin_of("foo", register_published_results=[published("second"), published("first")]),
        plugin_of("bar", register_published_results=[published("last")]),
    )
    assert [result.label for result in registry.published_results] == ["second", "first", "last"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"miou": 101.0}, "ValueError: miou of 'ours' is 101.0, expected percent from 0 to 100"),
        ({"iou": {"road": "90"}}, "ValueError: road of 'ours' is '90', expected percent from 0 to 100"),
        ({"paper": "two\nlines"}, "ValueError: paper of 'ours' is 'two\\nlines', expected one line of text"),
    ],
)
def test_a_published_result_that_cannot_be_shown_is_reported(change: dict[str, Any], problem: str) -> None:
    wrong = replace(published("ours"), **change)
    assert failure_of(register_published_results=[wrong]) == f"register_published_results: {problem}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that alone holds what is installed, as far as entry points go."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    everything = metadata.distributions
    monkeypatch.setattr(metadata, "distributions", lambda: everything(path=[str(folder)]))
    modules = set(sys.modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder  # type: ignore[misc]
    for name in set(sys.modules) - modules:
        if name.startswith("alseg_"):
            del sys.modules[name]


def test_broken_distributions_are_reported_and_stop_nothing(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (
        "alseg_no_import",
        "alseg_misspelt",
        "alseg_raising",
        "alseg_exiting",
        "alseg_margin_demo",
    ):
        install(module, site)
    registry = load_registry()
    assert [failure.message for failure in registry.failures] == [
        "plugin exiting (alseg-exiting 1.4) failed at import: SystemExit: 1",
        "plugin misspelt (alseg-misspelt 1.1) failed at registration: "
        "unknown hook 'register_aquisitions', did you mean 'register_acquisitions'?",
        "plugin no-import (alseg-no-import 1.0) failed at import: "
        "ModuleNotFoundError: No module named 'no_such_module'",
        "plugin raising (alseg-raising 1.2) failed at register_models: "
        "RuntimeError: no model today (try tomorrow)",
    ]
    assert [str(info) for info in registry.plugins] == ["margin-demo (alseg-margin-demo 0.3)"]
    assert list(registry.acquisitions) == ["margin-demo"]
    # What a plugin prints while it is imported must not mix with what a command prints.
    assert capsys.readouterr().out == ""


def test_a_distribution_with_damaged_metadata_hides_no_other(site: Path) -> None:
    install("alseg_margin_demo", site)
    damaged = site / "alseg_damaged-1.0.dist-info"
    damaged.mkdir()
    (damaged / "entry_points.txt").write_bytes(b"[alseg]\nfoo = \xff\xfe\n")
    assert list(load_registry().acquisitions) == ["margin-demo"]


def test_an_entry_point_that_names_no_module_is_reported(site: Path) -> None:
    install("alseg_margin_demo", site)
    (site / "alseg_margin_demo-0.3.dist-info" / "entry_points.txt").write_text(
        "[alseg]\nfoo = not a module\n"
    )
    (failure,) = load_registry().failures
    assert failure.message.startswith("plugin foo (alseg-margin-demo 0.3) failed at import: ")


def test_our_own_distribution_is_loaded_first(site: Path) -> None:
    for name in ("aaa", "alseg"):
        folder = site / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[alseg]\n{name} = alseg_both_{name}\n")
        (site / f"alseg_both_{name}.py").write_text(
            "from fakeregistry import Fakes\nfrom alseg import hookimpl\n"
            "@hookimpl\ndef register_acquisitions():\n    return Fakes().register_acquisitions()\n"
        )
    registry = load_registry()
    assert [str(info) for info in registry.plugins] == ["alseg (alseg 1.0)"]
    assert registry.failures[0].message == (
        "plugin aaa (aaa 1.0) failed at register_acquisitions: "
        "name 'random' is already taken by plugin alseg (alseg 1.0)"
    )
