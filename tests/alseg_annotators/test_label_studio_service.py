"""Label Studio itself: it takes what is exported, and what it exports is read."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alseg_partitions
from alseg.asking.waiting_run import find_waiting
from alseg.contracts.annotating import GivenAnswer, LabelledImage, LabelledImages, QuestionSheet
from alseg_annotators._place import Place
from alseg_annotators.label_studio import LabelStudio
from alseg_annotators.label_studio_rle import decode_mask, encode_mask
from annotation_servers import LabelStudioServer, label_studio
from people_in_tools import METHODS, bought, call, label_studio_results
from question_sheets import HEIGHT, SPACE, WIDTH, squares
from toycommand import write_toy
from toys import toy_document, toy_registry

VARIABLE = "ALSEG_LABEL_STUDIO"
"""Names the program ``label-studio``, of an environment of its own."""

REGISTRY = toy_registry(alseg_partitions)

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.xdist_group("label-studio"),
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} does not name label-studio"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    with label_studio(Path(os.environ[VARIABLE]), tmp_path_factory.mktemp("label-studio")) as started:
        yield started


def _project(
    server: LabelStudioServer, sheet: QuestionSheet, folder: Path
) -> tuple[int, list[dict[str, Any]]]:
    """Make a project of what is exported; return its number and its tasks."""
    config, *files = LabelStudio().export(sheet, folder)
    project = server.call(
        "/api/projects/",
        {"title": f"round of {sheet.kind}", "label_config": config.read_text(encoding="utf-8")},
    )["id"]
    for file in files:
        server.call(f"/api/projects/{project}/import", json.loads(file.read_text(encoding="utf-8")))
    listed = server.call(f"/api/tasks?project={project}&fields=all")["tasks"]
    return project, [server.call(f"/api/tasks/{task['id']}") for task in listed]


def _exported(
    server: LabelStudioServer, project: int, sheet: QuestionSheet, kind: str, folder: Path
) -> list[GivenAnswer]:
    path = folder / f"{kind}.json"
    path.write_text(json.dumps(server.call(f"/api/projects/{project}/export?exportType={kind}")))
    return list(LabelStudio().read(path, sheet))


@pytest.mark.parametrize("export_type", ["JSON", "JSON_MIN"])
def test_drawings_come_back_as_they_were_made(
    server: LabelStudioServer, tmp_path: Path, export_type: str
) -> None:
    sheet = squares()
    (tmp_path / "task").mkdir()
    project, tasks = _project(server, sheet, tmp_path / "task")
    first, second = (task["id"] for task in tasks)
    # The prediction is taken over, and a box of traffic light is drawn over the first square's right half.
    frame = {"to_name": "image", "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    box = {"x": 100 * 5 / WIDTH, "y": 0, "width": 100 * 2 / WIDTH, "height": 100 * 6 / HEIGHT, "rotation": 0}
    drawn = [
        *tasks[0]["predictions"][0]["result"],
        frame | {"id": "b", "from_name": "boxes", "type": "rectangle", "value": box},
        frame
        | {"id": "b", "from_name": "class", "type": "labels", "value": box | {"labels": ["traffic light"]}},
    ]
    server.call(f"/api/tasks/{first}/annotations/", {"result": drawn, "lead_time": 30.0})
    server.call(f"/api/tasks/{second}/annotations/", {"result": [], "was_cancelled": True, "lead_time": 2.0})

    answers = _exported(server, project, sheet, export_type, tmp_path)

    assert [(answer.image_id, answer.position) for answer in answers] == [
        ("aachen/000 1.png", (2, 3)),
        ("aachen/000 1.png", (10, 20)),
        ("aachen/000 1.png", (22, 38)),
    ]
    label = answers[0].label
    assert label is not None
    np.testing.assert_array_equal(label[2:6, 3:7], [[0, 0, 1, 1]] * 4)
    np.testing.assert_array_equal(label[10:14, 20:24], [[0, 0, 2, 2]] * 4)
    assert [answer.seconds for answer in answers] == [10.0, 10.0, 10.0]
    assert answers[0].who == "user 1"
    assert answers[0].when.endswith("+00:00")


@pytest.mark.parametrize("export_type", ["JSON", "JSON_MIN"])
def test_choices_come_back_as_they_were_made(
    server: LabelStudioServer, tmp_path: Path, export_type: str
) -> None:
    sheet = squares("classes")
    (tmp_path / "task").mkdir()
    project, tasks = _project(server, sheet, tmp_path / "task")
    for task in tasks[:3]:
        chosen = task["predictions"][0]["result"]
        server.call(f"/api/tasks/{task['id']}/annotations/", {"result": chosen, "lead_time": 4.0})

    answers = _exported(server, project, sheet, export_type, tmp_path)

    assert [(answer.position, answer.classes) for answer in answers] == [
        ((2, 3), frozenset({0})),
        ((5, 5), frozenset({0})),
        ((10, 20), frozenset({0, 2})),
    ]


@pytest.mark.parametrize("predicted", [False, True])
def test_label_maps_are_imported(server: LabelStudioServer, tmp_path: Path, predicted: bool) -> None:
    label = np.full((6, 8), 255, np.uint8)
    label[1:4, 2:5], label[2, 3], label[5] = 0, 2, 1
    image = LabelledImage("a/b.png", label, lambda: np.zeros((6, 8, 3), np.uint8))
    found = LabelledImages(SPACE, "Made by hand.", predicted, iter([image]))
    config, tasks = LabelStudio().export_labels(found, tmp_path)
    title = f"label maps, predicted: {predicted}"
    made = {"title": title, "label_config": config.read_text(encoding="utf-8")}
    project = server.call("/api/projects/", made)["id"]
    server.call(f"/api/projects/{project}/import", json.loads(tasks.read_text(encoding="utf-8")))
    [listed] = server.call(f"/api/tasks?project={project}&fields=all")["tasks"]
    task = server.call(f"/api/tasks/{listed['id']}")
    [kept] = task["predictions" if predicted else "annotations"]
    for each in kept["result"]:
        if each["from_name"] == "class":
            mask = decode_mask(each["value"]["rle"], (6, 8), Place(Path("x")))
            np.testing.assert_array_equal(mask, label == SPACE.names.index(each["value"]["labels"][0]))
    assert len(kept["result"]) == 6  # brush and class of three classes


def test_masks_are_those_of_label_studios_own_converter(server: LabelStudioServer) -> None:
    # Runs of all lengths, alone and beyond 2^16 values.
    rng = np.random.default_rng(0)
    mask = rng.random((150, 200)) < 0.5
    mask[20:60], mask[60:140] = False, True
    code = (
        "import json, sys, numpy as np\n"
        "from label_studio_sdk.converter.brush import decode_rle, mask2rle\n"
        "rle, mask = json.load(sys.stdin)\n"
        "print(json.dumps([decode_rle(rle).tolist(), mask2rle(np.array(mask, np.uint8))]))\n"
    )
    python = Path(os.environ[VARIABLE]).parent / "python"
    given = json.dumps([encode_mask(mask), (mask * 255).tolist()])
    finished = subprocess.run([python, "-c", code], input=given, capture_output=True, text=True, check=True)
    theirs, rle = json.loads(finished.stdout)

    np.testing.assert_array_equal(np.reshape(theirs, (150, 200, 4))[:, :, 3] == 255, mask)
    np.testing.assert_array_equal(decode_mask(rle, (150, 200), Place(Path("x"))), mask)


@pytest.mark.parametrize("kind", METHODS)
def test_a_run_goes_on_with_what_label_studio_exports(
    server: LabelStudioServer, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)
    method = {"label": "m", "acquisition": "entropy", **METHODS[kind]}
    file = write_toy(tmp_path, toy_document(methods=[method]))
    call("run", file, "--results", tmp_path / "oracle")
    file = write_toy(tmp_path, toy_document(methods=[method | {"annotator": "label-studio"}]))
    results = tmp_path / "people"
    for round_number in (1, 2):
        call("run", file, "--results", results, code=3)
        call("ask", results / "toy", "-o", tmp_path / "tasks")
        [run] = find_waiting(results / "toy", REGISTRY)
        [folder] = (tmp_path / "tasks").glob(f"*-round-{round_number}")
        config = (folder / "labels.xml").read_text(encoding="utf-8")
        title = f"{kind}, round {round_number}"
        project = server.call("/api/projects/", {"title": title, "label_config": config})["id"]
        for tasks in sorted(folder.glob("tasks-*.json")):
            server.call(f"/api/projects/{project}/import", json.loads(tasks.read_text(encoding="utf-8")))
        for task in server.call(f"/api/tasks?project={project}&fields=all&page_size=1000")["tasks"]:
            drawn = {"result": label_studio_results(task["data"], run.sheet), "lead_time": 5.0}
            server.call(f"/api/tasks/{task['id']}/annotations/", drawn)
        export = tmp_path / f"round-{round_number}.json"
        content = server.call(f"/api/projects/{project}/export?exportType=JSON")
        export.write_text(json.dumps(content), encoding="utf-8")
        assert "The round is complete" in call("answer", results / "toy", export)
    call("run", file, "--results", results)
    assert bought(results) == bought(tmp_path / "oracle")
