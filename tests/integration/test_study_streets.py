"""What docs/study-results.md says of streets, rendered to camera, follows from the packed runs."""

from __future__ import annotations

import re

from alseg.analysis.statistics import detectable_difference, mean_interval
from documents import DOCS
from study_results import (
    PROSE,
    RENDERED,
    RENDERED_ON_GPU,
    compared,
    contrast,
    difference,
    differences_by_seed,
    row,
    scores_of_runs,
    share,
)

FULL = "Fully supervised, same time"


def test_what_is_said_of_the_question() -> None:
    question = contrast("RIPU (RA)", "Random windows", pack=RENDERED)
    assert (question["family"], question["verdict"]) == ("question", "not distinguishable")
    p = f"(6 seeds, p = {question['difference']['p']:.2f})"
    crossed = row("RIPU (RA)", "--images", pack=RENDERED)["crossed"]
    found = difference("RIPU (RA)", "Random windows", pack=RENDERED)
    assert f"{found} points {p}, ± {crossed['half_width']:.1f} if the images" in PROSE
    assert f"nor shown to be equivalent within 1 point (p = {question['equivalence']['p']:.2f})" in PROSE
    detectable = detectable_difference(question["difference"]["half_width"], 6, 0.95)
    assert f"A true difference of {detectable:.1f} points would have been found" in PROSE
    note = next(each for each in compared(pack=RENDERED)["notes"] if each.startswith("Found with 80%"))
    low, high = re.findall(r"([\d.]+) to ([\d.]+) points", note)[0]
    assert f"over the four comparisons {low} to {high} points." in PROSE
    others = [each for each in compared(pack=RENDERED)["contrasts"] if each != question]
    assert {each["verdict"] for each in others} == {"not distinguishable"}
    assert (
        f"stratified windows {difference('Stratified windows', 'Random windows', pack=RENDERED)}, true class "
        f"balance {difference('True class balance', 'Random windows', pack=RENDERED)}, RIPU (PA) against "
        f"random pixels {difference('RIPU (PA)', 'Random pixels', pack=RENDERED)}."
    ) in PROSE
    assert len(others) == 3


def test_what_is_said_of_room() -> None:
    room = contrast(FULL, "Random windows", "--baseline", "Random windows", pack=RENDERED)["difference"]
    assert (
        f"{room['mean']:.1f} ± {room['half_width']:.1f} points above random windows (seeds 0 to 2)" in PROSE
    )


def test_what_is_said_of_the_schedule() -> None:
    found = [
        difference("RIPU (RA)", "Random windows", "--round", str(number), pack=RENDERED)
        for number in (1, 2, 3, 4)
    ]
    assert f"After purchases 1 to 4 it is {', '.join(found[:3])} and {found[3]}, and from" in PROSE
    first, last = (differences_by_seed(number, RENDERED) for number in (1, 4))
    change = mean_interval([after - before for before, after in zip(first, last, strict=True)])
    assert f"from first to last it changes by {change.mean:+.1f} ± {change.half_width:.1f}." in PROSE


def test_what_is_said_of_few_labels() -> None:
    before, after, end = (
        {each["label"]: each for each in compared("--round", number, pack=RENDERED)["rows"]}
        for number in ("0", "1", "4")
    )
    few = [label for label, each in end.items() if each["acquisition"]]
    losses = [before[label]["score"]["mean"] - after[label]["score"]["mean"] for label in few]
    above = [end[label]["score"]["mean"] - end["No labels"]["score"]["mean"] for label in few]
    assert (
        f"are lower by {min(losses):.0f} to {max(losses):.0f} points than before it, and they end "
        f"{min(above):.0f} to {max(above):.0f} above no labels"
    ) in PROSE


def test_what_is_said_of_purchases() -> None:
    ripu, random = row("RIPU (RA)", pack=RENDERED), row("Random windows", pack=RENDERED)
    pool = row(FULL, pack=RENDERED)["bought"]
    void = [100 - each["cost"]["valid_percent"] for each in (ripu, random)]
    fewer = 100 - 100 * ripu["cost"]["valid_pixels"] / random["cost"]["valid_pixels"]
    bought = ripu["bought"]
    sky = 100 * bought["sky"] / sum(bought.values())
    assert (
        f"{void[0]:.0f}% void ({void[1]:.0f}% at random), {fewer:.0f}% fewer pixels with a class than at "
        f"random for the same clicks, and of these {share(bought, 'road')} road ({share(pool, 'road')} in "
        f"the pool) and {sky:.1f}% sky ({share(pool, 'sky')})"
    ) in PROSE
    for name in ("bicycle", "rider", "traffic sign", "truck", "sky", "building", "road"):
        found = difference("RIPU (RA)", "Random windows", "--metric", f"iou:{name}", pack=RENDERED)
        assert f"{name} {found}" in PROSE
    times = {
        name: bought[name] / sum(bought.values()) / (random["bought"][name] / sum(random["bought"].values()))
        for name in ("bicycle", "motorcycle", "person", "truck")
    }
    assert f"Bicycle is bought {times['bicycle']:.0f} times as often" in PROSE
    found = f"motorcycle ({times['motorcycle']:.0f} times) and person ({times['person']:.0f})"
    assert f"{found} are not distinguishable, and truck ({times['truck']:.1f})" in PROSE


def test_all_classes_are_named_whose_interval_is_without_zero() -> None:
    apart = set()
    for name in row("RIPU (RA)", pack=RENDERED)["bought"]:
        found = contrast("RIPU (RA)", "Random windows", "--metric", f"iou:{name}", pack=RENDERED)[
            "difference"
        ]
        if abs(found["mean"]) > found["half_width"]:
            apart.add(name)
    assert apart == {"bicycle", "rider", "traffic sign", "truck", "sky", "building", "road"}


def test_what_is_said_of_another_device() -> None:
    here, there = scores_of_runs(RENDERED, 4), scores_of_runs(RENDERED_ON_GPU, 4)
    assert f"{len(there)} of the file had been made on an NVIDIA H200" in PROSE
    changes = [there[run] - here[run] for run in sorted(there.keys() & here.keys())]
    assert len(changes) == 12
    mean = sum(changes) / len(changes)
    assert (
        f"are {-min(changes):.1f} points lower to {max(changes):.1f} higher, {mean:+.1f} in the mean" in PROSE
    )
    reproduce = " ".join((DOCS / "reproduce.md").read_text(encoding="utf-8").split())
    assert f"by {min(changes):+.1f} to {max(changes):+.1f}." in reproduce
