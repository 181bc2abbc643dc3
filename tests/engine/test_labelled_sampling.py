"""``target_sampling: labelled`` draws images with bought labels more often."""

from __future__ import annotations

from pathlib import Path

import pytest

from stopping import StopAfter
from toys import metrics_of, round_bytes, run_folder, run_toy, toy_document


def _whole_images(sampling: str) -> dict[str, object]:
    method = {"label": "Whole", "acquisition": "entropy", "annotation": "image", "budget": "2 images"}
    recipe = {"name": "toy", "iterations": 8, "target_sampling": sampling}
    return toy_document(methods=[method], recipe=recipe)


@pytest.mark.parametrize(("phase", "occurrence", "steps"), [("train", 2, 1), ("train", 3, 2)])
def test_a_run_that_draws_labelled_images_more_often_goes_on_to_the_same_bytes(
    tmp_path: Path, phase: str, occurrence: int, steps: int
) -> None:
    document = _whole_images("labelled")
    run_toy(tmp_path / "through", document)
    assert run_toy(tmp_path / "stopped", document, reporter=StopAfter(phase, occurrence, steps)).signal
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (round_bytes(run_folder(tmp_path / name, "whole")) for name in ("through", "stopped"))
    assert first == second


def test_labelled_sampling_changes_training_after_the_first_purchase_of_some_images(tmp_path: Path) -> None:
    for sampling in ("uniform", "labelled"):
        run_toy(tmp_path / sampling, _whole_images(sampling))
    uniform, labelled = (run_folder(tmp_path / name, "whole") for name in ("uniform", "labelled"))
    assert metrics_of(uniform, 0) == metrics_of(labelled, 0)
    assert metrics_of(uniform, 2)["iou"] != metrics_of(labelled, 2)["iou"]


def test_labelled_sampling_changes_nothing_where_every_image_has_labels(tmp_path: Path) -> None:
    for sampling in ("uniform", "labelled"):
        recipe = {"name": "toy", "iterations": 8, "target_sampling": sampling}
        run_toy(tmp_path / sampling, toy_document(recipe=recipe))
    for method in ("entropy", "fully-supervised"):
        first, second = (round_bytes(run_folder(tmp_path / name, method)) for name in ("uniform", "labelled"))
        assert first == second and first
