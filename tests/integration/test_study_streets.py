"""What docs/study-results.md says of streets, rendered to camera, follows from the packed runs."""

from __future__ import annotations

import re

from alseg.analysis.statistics import detectable_difference, mean_interval
from documents import DOCS
from study_results import (
    DUSK,
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
    contrasts = compared(pack=RENDERED)["contrasts"]
    assert f"over the {len(contrasts)} comparisons {low} to {high} points." in PROSE


def test_what_is_said_of_all_comparisons() -> None:
    contrasts = compared(pack=RENDERED)["contrasts"]
    (apart,) = (each for each in contrasts if each["verdict"] != "not distinguishable")
    assert (apart["label"], apart["baseline"], apart["verdict"]) == (
        "Uncertainty alone",
        "RIPU (RA)",
        "lower",
    )
    of_all = len(contrasts) * apart["difference"]["p"]
    alone = difference("Uncertainty alone", "RIPU (RA)", pack=RENDERED).lstrip("-")
    p = f"(p = {apart['corrected']['p']:.3f} within its family of three; over all 21, {of_all:.2f})"
    assert f"Of {len(contrasts)} declared comparisons one is distinguishable" in PROSE
    assert apart["corrected"]["family"] == 3
    assert f"uncertainty alone is {alone} points below RIPU (RA) {p}." in PROSE
    impurity = difference("Impurity alone", "RIPU (RA)", pack=RENDERED)
    assert f"Impurity alone is not shown to differ from RIPU ({impurity})" in PROSE
    at_dusk = [
        f"{contrast(label, 'RIPU (RA)')['difference']['mean']:+.1f}"
        for label in ("Uncertainty alone", "Impurity alone")
    ]
    assert f"means are alike, {at_dusk[0]} and {at_dusk[1]}." in PROSE
    nearest = sorted(
        (each for each in contrasts if each != apart), key=lambda each: float(each["corrected"]["p"])
    )[:3]
    words = {
        "Entropy windows": "entropy windows against random ones",
        "True impurity": "true impurity",
        "Image-based": "entropy against chance for whole images",
    }
    told = [
        f"{words[each['label']]} ({difference(each['label'], each['baseline'], pack=RENDERED)}, "
        f"p = {each['corrected']['p']:.2g})"
        for each in nearest
    ]
    assert f"are {told[0]}, {told[1]} and {told[2]}." in PROSE


def test_what_is_said_of_random_rows() -> None:
    rows = [
        each
        for each in compared(pack=RENDERED)["rows"]
        if each["difference"] and each["annotation"] != "image" and not each["sees_labels"]
    ]
    above = [each for each in rows if each["difference"]["mean"] > 0]
    windows, pixels, superpixels = (
        (
            sum(each["annotation"] == kind for each in above),
            sum(each["annotation"] == kind for each in rows),
        )
        for kind in ("region", "pixel", "superpixel")
    )
    assert f"{windows[0]} of the {windows[1]} rows that choose windows are above" in PROSE
    gains = [each["difference"]["mean"] for each in above if each["annotation"] == "superpixel"]
    assert (
        f"{pixels[0]} of {pixels[1]} that choose pixels, {superpixels[0]} of {superpixels[1]} that choose "
        f"superpixels (by {min(gains):.1f} to {max(gains):.1f} points)"
    ) in PROSE
    largest = max(rows, key=lambda each: float(each["difference"]["mean"]))
    assert largest["label"] == "Stratified windows"
    assert (
        f"that of stratified windows, {difference('Stratified windows', 'Random windows', pack=RENDERED)}."
        in PROSE
    )


def test_what_is_said_of_entropy() -> None:
    none = row("No labels", pack=RENDERED)["score"]["mean"]
    rows = [row(label, pack=RENDERED) for label in ("Entropy windows", "Uncertainty alone", "Point-based")]
    below = [none - each["score"]["mean"] for each in rows]
    void = [100 - each["cost"]["valid_percent"] for each in rows]
    assert (
        f"are {min(below):.1f} to {max(below):.1f} points below it in the mean. "
        f"{min(void):.0f} to {max(void):.0f}% of what they buy is void."
    ) in PROSE


def test_what_is_said_of_whole_images_and_efficiency() -> None:
    images = [row(label, pack=RENDERED) for label in ("Random images", "Image-based")]
    random = row("Random windows", pack=RENDERED)
    clicks = [each["cost"]["clicks_per_image"] for each in (*images, random)]
    scores = [f"{each['score']['mean']:.1f}" for each in (*images, random)]
    assert (
        f"take {clicks[0]:.1f} (random) and {clicks[1]:.1f} (by entropy) clicks per image of the pool, and "
        f"end at {scores[0]} and {scores[1]}, random windows for {clicks[2]:.1f} clicks at {scores[2]}."
    ) in PROSE
    whole = [row(FULL, pack=pack)["cost"]["clicks_per_image"] for pack in (RENDERED, DUSK)]
    assert f"costs {whole[0]:.0f} clicks to outline, one of dusk {whole[1]:,.0f}." in PROSE
    reach = compared("--reach", "90", "--x", "clicks", pack=RENDERED)["rows"]
    full = 0.9 * row(FULL, pack=RENDERED)["score"]["mean"]
    assert not [each for each in reach if each["reach"] and each["reach"]["cost"] is not None]
    below = full - images[1]["score"]["mean"]
    assert f"90% of full supervision ({full:.1f}) within its budget; entropy on whole images" in PROSE
    assert f"ends {below:.1f} below it." in PROSE


def test_what_is_said_of_true_impurity() -> None:
    against_ripu = difference("True impurity", "RIPU (RA)", pack=RENDERED).lstrip("-")
    undeclared = contrast("True impurity", "Impurity alone", "--baseline", "Impurity alone", pack=RENDERED)
    alone = undeclared["difference"]
    assert f"{against_ripu} and {-alone['mean']:.1f} ± {alone['half_width']:.1f}, in streets to" in PROSE
    costs = [row(label, pack=RENDERED)["cost"]["pixels"] for label in ("True impurity", "Random windows")]
    assert f"random's pixels ({100 * costs[0] / costs[1]:.0f}% in streets)" in PROSE


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
    few = [label for label, each in end.items() if each["acquisition"] and each["annotation"] != "image"]
    losses = [before[label]["score"]["mean"] - after[label]["score"]["mean"] for label in few]
    above = [end[label]["score"]["mean"] - end["No labels"]["score"]["mean"] for label in few]
    assert (
        f"are lower by {min(losses):.0f} to {max(losses):.0f} points than before it, and they end "
        f"{-min(above):.1f} below to {max(above):.1f} above no labels."
    ) in PROSE
    assert all(
        after[label]["score"]["mean"] > before[label]["score"]["mean"]
        for label in ("Random images", "Image-based")
    )


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
    assert len(changes) == len(there) == 28
    mean = sum(changes) / len(changes)
    assert (
        f"are {-min(changes):.1f} points lower to {max(changes):.1f} higher, {mean:+.1f} in the mean" in PROSE
    )
    reproduce = " ".join((DOCS / "reproduce.md").read_text(encoding="utf-8").split())
    assert f"by {min(changes):+.1f} to {max(changes):+.1f}." in reproduce
