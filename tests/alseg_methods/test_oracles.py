"""Upper marks: what they ask for, on label maps made by hand, and what they buy of streets."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray

import alseg_driving
import alseg_methods
import alseg_partitions
import alseg_streets
from alseg.cli import main
from alseg.contracts import TargetView, Unit
from alseg.registry.registry import Registry
from alseg.seeding import image_token
from alseg.storage.ledger import Purchase
from alseg.testing import observe, parts_of_views, view_of
from alseg.toolkit.windows import window_impurity
from alseg_methods.acquisitions.oracle_class_balanced import OracleClassBalanced, shuffled
from alseg_methods.acquisitions.oracle_impurity import OracleImpurity, true_impurity
from toycommand import write_toy
from toys import toy_document, toy_registry

VOID = 255


def seen(
    labels: list[list[int]],
    name: str = "image",
    *,
    unit: Unit = "part",
    regions: list[list[int]] | None = None,
    bought: list[list[int]] | None = None,
) -> TargetView:
    """Return a view of an image with three classes; nothing is bought unless given."""
    true = torch.tensor(labels, dtype=torch.uint8)
    view = view_of(
        torch.full((3, *true.shape), 1 / 3),
        unit=unit,
        regions=None if regions is None else torch.tensor(regions, dtype=torch.int32),
        bought=torch.zeros(true.shape, dtype=torch.bool) if bought is None else torch.tensor(bought).bool(),
        true_labels=true,
    )
    return TargetView(**{**vars(view), "image_id": image_token(name)})


def balanced(*views: TargetView) -> list[torch.Tensor]:
    """Return the scores of a pool's images."""
    oracle = OracleClassBalanced()
    orders = oracle.prepare(observe(oracle, views), parts_of_views(views, count=1))
    return [oracle.score(TargetView(**{**vars(view), "statistics": orders})) for view in views]


# ----------------------------------------------------------------------------------------------------
# Impurity


def test_impurity_is_the_entropy_of_the_true_classes_in_the_window() -> None:
    found = OracleImpurity(radius=1).score(seen([[0, 0, 1], [0, VOID, 1]]))

    def entropy(*shares: float) -> float:
        return -sum(share * math.log(share) for share in shares)

    # In the middle the window is everything: 0 three times, 1 twice, and void, which counts nowhere. At the
    # left it is 0, 0, 0 and void; at the right 0, 1, 1 and void.
    left, middle, right = 0.0, entropy(3 / 5, 2 / 5), entropy(1 / 3, 2 / 3)
    torch.testing.assert_close(found, torch.tensor([[left, middle, right]] * 2))
    assert found[:, 0].tolist() == [0.0, 0.0]


def test_a_window_of_void_alone_has_no_impurity() -> None:
    labels = torch.tensor([[VOID, VOID, VOID, 0, 1]], dtype=torch.uint8)
    assert true_impurity(labels, 1)[0, :3].tolist() == [0.0, 0.0, 0.0]


def test_without_void_it_is_the_impurity_of_perfect_predictions() -> None:
    labels = torch.randint(0, 5, (17, 23), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    for radius in (1, 3):
        torch.testing.assert_close(true_impurity(labels, radius), window_impurity(labels, 5, radius))


# ----------------------------------------------------------------------------------------------------
# Balanced classes


@pytest.mark.parametrize("count", [1, 2, 3, 5, 16, 17, 1000])
def test_a_shuffle_is_an_order_of_all_places(count: int) -> None:
    keys = torch.randint(2**29, (4, 2), generator=torch.Generator().manual_seed(count))
    assert sorted(shuffled(torch.arange(count), count, keys).tolist()) == list(range(count))


def test_a_shuffle_brings_every_place_everywhere_about_as_often() -> None:
    generator = torch.Generator().manual_seed(0)
    times = torch.zeros((5, 5))
    for _ in range(2000):
        keys = torch.randint(2**29, (4, 2), generator=generator)
        times[torch.arange(5), shuffled(torch.arange(5), 5, keys)] += 1
    # 400 each; the standard deviation is sqrt(2000 * 0.2 * 0.8) = 18.
    assert (times - 400).abs().max() < 5 * 18


def test_pixels_of_each_class_have_the_places_of_the_pool_and_void_none() -> None:
    first, second = balanced(
        seen([[0, 0, 0, 1], [0, 0, VOID, 2]], "first"), seen([[0, 1, 1, VOID]], "second")
    )
    # Of class 0 the pool has six pixels, of class 1 three, of class 2 one.
    labels = torch.tensor([0, 0, 0, 1, 0, 0, VOID, 2, 0, 1, 1, VOID])
    places = -torch.cat([first.flatten(), second.flatten()])
    assert sorted(places[labels == 0].tolist()) == [0, 1, 2, 3, 4, 5]
    assert sorted(places[labels == 1].tolist()) == [0, 1, 2]
    assert places[labels == 2].tolist() == [0]
    assert places[labels == VOID].tolist() == [math.inf, math.inf]


def test_a_budget_of_the_pool_is_spread_as_evenly_as_the_classes_allow() -> None:
    first, second = balanced(
        seen([[0, 0, 0, 1], [0, 0, VOID, 2]], "first"), seen([[0, 1, 1, VOID]], "second")
    )
    labels = torch.tensor([0, 0, 0, 1, 0, 0, VOID, 2, 0, 1, 1, VOID])
    order = torch.cat([first.flatten(), second.flatten()]).argsort(descending=True)

    def bought(budget: int) -> list[int]:
        return labels[order[:budget]].bincount(minlength=3)[:3].tolist()

    # One each; then class 2 is used up, and the two others share; then class 1 is, too.
    assert (bought(3), bought(5), bought(7), bought(9)) == ([1, 1, 1], [2, 2, 1], [3, 3, 1], [5, 3, 1])


def test_what_is_bought_has_no_place() -> None:
    (score,) = balanced(seen([[0, 0, 1, 1]], bought=[[1, 0, 0, 0]]))
    assert score[0, 0] == -math.inf
    assert (score[0, 1].item(), sorted(score[0, 2:].tolist())) == (0.0, [-1.0, 0.0])


def test_a_region_has_the_commonest_of_its_true_classes_void_left_out() -> None:
    regions = [[0, 0, 0, 1, 1, 2, 3]]
    # Region 0 is of class 1, although void is as common; region 1 of class 0, the first of two; region 2 is
    # void alone; region 3 is of class 1, too.
    labels = [[1, VOID, VOID, 0, 2, VOID, 1]]
    (score,) = balanced(seen(labels, unit="region", regions=regions))
    assert score[0, 3].item() == score[0, 4].item() == 0.0
    assert score[0, 5].item() == -math.inf
    assert len(set(score[0, :3].tolist())) == 1
    assert sorted([score[0, 0].item(), score[0, 6].item()]) == [-1.0, 0.0]


def test_an_image_has_its_commonest_class() -> None:
    scores = balanced(*(seen([[label, label, 2]], str(label), unit="image") for label in (0, 1)))
    assert [score.tolist() for score in scores] == [[[0.0] * 3]] * 2  # each is the only one of its class


@pytest.mark.parametrize("oracle", [OracleImpurity(), OracleClassBalanced()])
def test_without_labels_nothing_is_scored(oracle: Any) -> None:
    with pytest.raises(ValueError, match=r"^the view has no true labels$"):
        oracle.score(view_of(torch.full((2, 1, 1), 0.5)))


# ----------------------------------------------------------------------------------------------------
# On streets, through the command line

SIZE = {"height": 32, "width": 64}
PIXEL = {"annotation": {"name": "pixel", "spacing": 0}}
METHODS: list[dict[str, Any]] = [
    {"label": "Full", "target_labels": "all", "reference": "upper"},
    {"label": "Random", "acquisition": "random", **PIXEL, "budget": "200 px"},
    {"label": "Balanced", "acquisition": "oracle-class-balanced", **PIXEL, "budget": "200 px"},
    {"label": "Impure", "acquisition": "oracle-impurity", **PIXEL, "budget": "200 px"},
    {
        "label": "Impure windows",
        "acquisition": "oracle-impurity",
        "annotation": {"name": "region", "radius": 1},
        "budget": "5%",
    },
    {
        "label": "Balanced regions",
        "acquisition": "oracle-class-balanced",
        "annotation": "superpixel",
        "partition": {"name": "grid", "side": 4},
        "budget": "12 regions",
    },
    {
        "label": "Balanced images",
        "acquisition": "oracle-class-balanced",
        "annotation": {"name": "image", "tolerance": 1},
        "budget": "2 images",
    },
]


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    made = toy_registry(alseg_driving, alseg_methods, alseg_partitions, alseg_streets)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("alseg.registry.loading.load_registry", lambda: made)
        yield made


def command(*arguments: str | Path) -> str:
    outcome = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def document(**changes: Any) -> dict[str, object]:
    scenes = {"name": "streets", **SIZE}
    return toy_document(
        name="marks",
        scenario={
            "source": {**scenes, "domain": "render", "count": 3},
            "target": {**scenes, "domain": "camera", "count": 4, "val_count": 2},
            "label_space": "cityscapes-19",
        },
        **{"methods": METHODS, "settings": {"device": "cpu", "examples": 1}, **changes},
    )


@pytest.fixture(scope="module")
def marks(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of all methods, with two purchases each."""
    folder = tmp_path_factory.mktemp("marks")
    command("run", write_toy(folder, document()), "--results", folder)
    return folder / "marks"


def pool_of(registry: Registry) -> dict[str, NDArray[np.uint8]]:
    """Return the label maps of the pool, by image."""
    build = registry.get("datasets", "streets").spec.build
    split = build(root=None, split="train", domain="camera", count=4, val_count=2, **SIZE)
    return {split.image_id(index): split.label(index) for index in range(len(split))}


def classes_asked(results: Path, method: str, pool: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the true class of every pixel at which a question was asked, in both rounds."""
    (run,) = results.glob(f"runs/{method}__s0__*")
    found = []
    for folder in sorted(run.glob("rounds/*")):
        if (folder / "ledger.npy").exists():
            purchase = Purchase.read(folder)
            for image_id in purchase.spans:
                rows = purchase.of_image(image_id)
                found.append(pool[image_id][rows["y"], rows["x"]])
    return np.concatenate(found)


def test_balanced_pixels_have_classes_as_evenly_as_the_pool_allows(marks: Path, registry: Registry) -> None:
    pool = pool_of(registry)
    there = np.bincount(np.concatenate([label.ravel() for label in pool.values()]), minlength=256)[:19]
    asked = classes_asked(marks, "balanced", pool)
    assert len(asked) == 200
    bought = np.bincount(asked, minlength=256)
    assert bought[VOID] == 0
    # A class is used up, or has as many as the others but for one in each of the two rounds.
    plenty = bought[:19][bought[:19] < there]
    assert plenty.max() - plenty.min() <= 2
    assert (bought[:19] >= np.minimum(there, plenty.min())).all()


def test_the_most_impure_pixels_are_bought(marks: Path, registry: Registry) -> None:
    pool = pool_of(registry)
    impurity = np.concatenate(
        [true_impurity(torch.from_numpy(label), 1).numpy().ravel() for label in pool.values()]
    )
    (run,) = marks.glob("runs/impure__s0__*")
    rounds = sorted(run.glob("rounds/0[12]"))
    scores = np.concatenate([Purchase.read(folder).rows["score"] for folder in rounds])
    # Both rounds together have the 200 largest, the first round the larger half.
    np.testing.assert_array_equal(scores[:100].min(), np.sort(impurity)[::-1][99])
    np.testing.assert_array_equal(np.sort(scores)[::-1], np.sort(impurity)[::-1][:200])


def test_questions_of_every_kind_are_billed_as_always(marks: Path) -> None:
    for run in marks.glob("runs/*"):
        method = json.loads((run / "run.json").read_text())["method"]
        cost = json.loads((run / "rounds/02/metrics.json").read_text())["cost"]
        if method["label"] in ("Random", "Balanced", "Impure"):
            assert (cost["pixels"], cost["clicks"]) == (200, 200), method["label"]
        assert cost["pixels"] > 0 and cost["clicks"] > 0, method["label"]


def test_only_upper_marks_say_in_their_record_that_they_see_labels(marks: Path) -> None:
    methods = [json.loads((run / "run.json").read_text())["method"] for run in marks.glob("runs/*")]
    told = {method["label"]: method.get("sees_labels") for method in methods}
    assert told == {"Full": None, "Random": None} | {str(one["label"]): True for one in METHODS[2:]}


def test_tables_set_them_apart(marks: Path) -> None:
    table = command("compare", marks, "--format=markdown")
    assert "Balanced (upper mark)" in table and "Random (upper mark)" not in table
    assert (
        "- Upper marks: Balanced, Impure, Impure windows, Balanced regions, Balanced images see the labels "
        "of the pool; no method can do that." in table
    )
    rows = list(csv.DictReader(io.StringIO(command("compare", marks, "--format=csv"))))
    told = {row["label"] for row in rows if row["sees_labels"] == "True"}
    assert told == {str(one["label"]) for one in METHODS[2:]}


def test_a_run_goes_on_and_divides_its_work_to_the_same_purchases(
    marks: Path, registry: Registry, tmp_path: Path
) -> None:
    file = write_toy(tmp_path, document())
    label = "method=Balanced"
    command("run", file, "--results", tmp_path, "--only", label, "settings.pool_batch=1")
    (again,), (first,) = (results.glob("runs/balanced__s0__*") for results in (tmp_path / "marks", marks))
    (again / "rounds/02/metrics.json").unlink()  # as if it had been killed in the second round
    (again / "status.json").unlink()
    command("run", file, "--results", tmp_path, "--only", label)
    for name in ("rounds/01/ledger.npy", "rounds/02/ledger.npy"):
        np.testing.assert_array_equal(np.load(again / name), np.load(first / name))
