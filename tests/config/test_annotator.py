"""``annotator`` and ``answer`` in an experiment file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from alseg import hookimpl
from alseg.analysis.purchases import purchase_of
from alseg.config.annotator import People as Rules
from alseg.config.experiment import Component, Experiment, ExperimentError, read_experiment
from alseg.contracts import AnnotatorSpec
from alseg.registry.loading import registry_of
from alseg.storage.reader import load_results
from toys import run_toy, toy_document, toy_registry

REGISTRY = toy_registry()


def asking(**changes: Any) -> dict[str, Any]:
    return {"acquisition": "entropy", "annotation": "region", "budget": "20%", **changes}


def read(folder: Path, *methods: dict[str, Any], overrides: tuple[str, ...] = ()) -> Experiment:
    file = folder / "toy.yaml"
    labelled = [{"label": f"method {place}", **method} for place, method in enumerate(methods)]
    file.write_text(yaml.safe_dump(toy_document(methods=labelled), sort_keys=False))
    return read_experiment(file, overrides, registry=REGISTRY)


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"confusion": "5%", "boundary": 2}, {"confusion": 0.05, "boundary": 2}),
        ({"name": "oracle", "confusion": 0.05}, {"confusion": 0.05, "boundary": 0}),
        ({"confusion": "2.5 %"}, {"confusion": 0.025, "boundary": 0}),
        ({"confusion": 1}, {"confusion": 1.0, "boundary": 0}),
        ({"boundary": 64}, {"confusion": 0.0, "boundary": 64}),
    ],
)
def test_errors_are_read(tmp_path: Path, given: Any, params: dict[str, Any]) -> None:
    [method] = read(tmp_path, asking(annotator=given)).methods
    assert method.annotator == Component("oracle", params)


@pytest.mark.parametrize("given", ["oracle", {"name": "oracle"}, {"confusion": "0%"}, {"boundary": 0}, None])
def test_an_annotator_without_errors_is_none_and_leaves_a_run_what_it_was(tmp_path: Path, given: Any) -> None:
    plain, same, erring = read(
        tmp_path, asking(), asking(annotator=given), asking(annotator={"boundary": 1})
    ).runs()
    assert plain.method.annotator is same.method.annotator is None
    assert plain.fingerprint == same.fingerprint != erring.fingerprint
    assert "annotator" not in plain.as_json()["method"]
    assert erring.as_json()["method"]["annotator"] == {
        "name": "oracle",
        "params": {"confusion": 0.0, "boundary": 1},
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"confusion": "5"}, "expected a share such as 5% or 0.05, at most 100%, got '5'"),
        ({"confusion": "101%"}, "expected a share such as 5% or 0.05, at most 100%, got '101%'"),
        ({"confusion": 1.5}, "expected a share such as 5% or 0.05, at most 100%, got 1.5"),
        ({"boundary": 65}, "must be at most 64, got 65"),
        ({"boundary": 0.5}, "expected a whole number, got 0.5"),
        ({"confusoin": "5%"}, "unknown key 'confusoin', did you mean 'confusion'?"),
        ("orakel", "unknown annotator 'orakel', did you mean 'oracle'?"),
        (3, "expected a mapping of keys to values, got 3"),
    ],
)
def test_a_mistake_is_said_with_its_place(tmp_path: Path, given: Any, told: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        read(tmp_path, asking(annotator=given))
    assert str(caught.value).split(": ", 1)[1] == told


def test_an_annotator_needs_an_acquisition(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        read(tmp_path, {"target_labels": "none", "annotator": {"boundary": 1}})
    assert str(caught.value).endswith("method 'method 0' has 'annotator' but no 'acquisition'")


def test_an_override_changes_one_error(tmp_path: Path) -> None:
    overrides = ("methods.0.annotator.confusion=10%",)
    [method] = read(tmp_path, asking(annotator={"boundary": 1}), overrides=overrides).methods
    assert method.annotator == Component("oracle", {"confusion": 0.1, "boundary": 1})
    [method] = read(tmp_path, asking(annotator="oracle"), overrides=overrides).methods
    assert method.annotator == Component("oracle", {"confusion": 0.1, "boundary": 0})


def test_answers_of_pixels_leave_a_run_what_it_was(tmp_path: Path) -> None:
    plain, same, other = read(
        tmp_path,
        asking(),
        asking(annotation={"name": "region", "answer": "pixels"}),
        asking(annotation={"name": "region", "answer": "dominant"}),
    ).runs()
    # The fingerprint of this run before modes had a parameter answer begins like this.
    assert plain.fingerprint == same.fingerprint
    assert plain.fingerprint.startswith("b0ba203ba63f0656")
    assert plain.fingerprint != other.fingerprint
    assert plain.as_json()["method"]["annotation"] == {
        "name": "region",
        "params": {"radius": 1, "spacing": None},
    }
    assert other.as_json()["method"]["annotation"]["params"]["answer"] == "dominant"


def test_an_unknown_kind_of_answer_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        read(tmp_path, asking(annotation={"name": "region", "answer": "dominent"}))
    assert "dominent" in str(caught.value) and "dominant" in str(caught.value)


def test_methods_with_other_answers_or_annotators_buy_other_things(tmp_path: Path) -> None:
    methods = [
        asking(label="plain"),
        asking(label="erring", annotator={"confusion": "5%"}),
        asking(label="dominant", annotation={"name": "region", "answer": "dominant"}),
    ]
    run_toy(tmp_path, toy_document(methods=methods))
    bought = {run.method.label: purchase_of(run) for run in load_results([tmp_path / "results" / "toy"]).runs}
    texts = {label: purchase and purchase.text for label, purchase in bought.items()}
    assert texts == {
        "plain": "region (radius 1), 20%",
        "erring": "region (radius 1) by oracle (confusion 0.05, boundary 0), 20%",
        "dominant": "region (radius 1, answer dominant), 20%",
    }
    assert len({purchase and purchase.key for purchase in bought.values()}) == 3


class People:
    """An annotator that is people, with a parameter of its own."""

    @hookimpl
    def register_annotators(self) -> list[AnnotatorSpec]:
        return [AnnotatorSpec(name="folk", summary="People.", source="Nobody.", build=self.build)]

    def build(self, language: Literal["en", "ja"] = "en") -> Any:
        raise AssertionError("Nothing is built to read a file.")


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ("folk", {"language": "en", "partial": "wait", "conflict": "majority"}),
        (
            {"name": "folk", "language": "ja", "partial": "go-on", "conflict": "first"},
            {"language": "ja", "partial": "go-on", "conflict": "first"},
        ),
    ],
)
def test_people_have_the_keys_of_all_people_and_their_own(
    tmp_path: Path, given: Any, params: dict[str, Any]
) -> None:
    registry = toy_registry(People())
    file = tmp_path / "toy.yaml"
    method = {"label": "people", **asking(annotator=given)}
    file.write_text(yaml.safe_dump(toy_document(methods=[method]), sort_keys=False))
    [found] = read_experiment(file, registry=registry).methods
    assert found.annotator == Component("folk", params)
    people = Rules.of(found.annotator)
    assert people is not None
    assert people.tool == Component("folk", {"language": params["language"]})
    assert (people.partial, people.conflict) == (params["partial"], params["conflict"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "folk", "partial": "stop"}, "expected 'wait' or 'go-on', got 'stop'"),
        ({"name": "folk", "lenguage": "en"}, "unknown parameter 'lenguage'"),
        ("fulk", "unknown annotator 'fulk', did you mean 'folk'?"),
    ],
)
def test_a_mistake_about_people_is_said_with_its_place(tmp_path: Path, given: Any, told: str) -> None:
    registry = toy_registry(People())
    file = tmp_path / "toy.yaml"
    method = {"label": "people", **asking(annotator=given)}
    file.write_text(yaml.safe_dump(toy_document(methods=[method]), sort_keys=False))
    with pytest.raises(ExperimentError) as caught:
        read_experiment(file, registry=registry)
    assert str(caught.value).split(": ", 1)[1].startswith(told)


def test_a_plugin_cannot_take_a_key_of_all_people() -> None:
    class Taking(People):
        def build(self, partial: bool = True) -> Any:  # type: ignore[override]
            raise AssertionError

    [failure] = registry_of(Taking()).failures
    assert failure.error == (
        "TypeError: build of 'folk' has a parameter 'partial', which is a key that alseg reads itself"
    )
