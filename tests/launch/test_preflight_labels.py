"""Who needs the labels of the pool is told before a run where there are none: upper marks and annotators."""

from __future__ import annotations

from pathlib import Path

import alseg_methods
from alseg import DatasetSpec, hookimpl
from alseg.contracts import AnnotatorSpec
from alseg.toolkit.annotator_errors import AnnotatorErrors
from preflights import asking_file, checked, refused
from toys import Stripes


class _Oracles:
    """Upper marks need label maps that nobody else answers for."""

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        return [
            DatasetSpec(
                name="unlabelled",
                summary="Stripes whose training split has no labels.",
                source="made up",
                build=_build_unlabelled,
                label_space="stripes-3",
                needs_root=False,
            )
        ]

    @hookimpl
    def register_annotators(self) -> list[AnnotatorSpec]:
        return [
            AnnotatorSpec(
                name="simulated", summary="Errs.", source="made up", build=AnnotatorErrors, people=False
            )
        ]


class _Unlabelled(Stripes):
    @property
    def labelled(self) -> bool:
        return self.split != "train"


def _build_unlabelled(*, root: Path | None, split: str) -> _Unlabelled:
    return _Unlabelled(split, 6, (12, 24))


def _upper_mark(**changes: object) -> dict[str, object]:
    return asking_file(label="Oracle", acquisition="oracle-impurity", **changes)


def _without_labels(document: dict[str, object]) -> dict[str, object]:
    scenario = document["scenario"]
    assert isinstance(scenario, dict)
    return {**document, "scenario": {**scenario, "target": "unlabelled"}}


def test_an_upper_mark_needs_a_pool_with_labels(tmp_path: Path) -> None:
    assert refused(tmp_path, _without_labels(_upper_mark()), alseg_methods, _Oracles()) == (
        "Method 'Oracle' sees the labels of the pool, for its acquisition 'oracle-impurity' is an upper "
        "mark, but unlabelled train has no labels. Say where its label maps are, or choose another "
        "acquisition."
    )


def test_an_upper_mark_is_refused_where_people_answer(tmp_path: Path) -> None:
    asking = _upper_mark(annotator="files")
    assert refused(tmp_path, asking, alseg_methods) == (
        "Method 'Oracle' sees the labels of the pool, for its acquisition 'oracle-impurity' is an upper "
        "mark, but people answer its questions ('files'), so that nobody knows these labels. Leave out "
        "'annotator', or choose another acquisition."
    )


def test_an_upper_mark_may_have_a_simulated_annotator_who_errs(tmp_path: Path) -> None:
    for annotator in ({"name": "oracle", "confusion": 0.1}, {"name": "simulated", "confusion": 0.1}):
        asking = _upper_mark(annotator=annotator)
        assert checked(tmp_path, asking, alseg_methods, _Oracles()).runs[0].skipped is None


def test_a_simulated_annotator_needs_labels_too(tmp_path: Path) -> None:
    asking = _without_labels(asking_file(annotator={"name": "simulated", "confusion": 0.1}))
    assert refused(tmp_path, asking, _Oracles()) == (
        "Method 'Asking' reads the labels of unlabelled train, for its annotator is simulated "
        "('simulated'), but unlabelled train has no labels. Say where its label maps are, or name people as "
        "'annotator' of the method."
    )
