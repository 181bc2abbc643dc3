"""What docs/study-results.md says follows from the packed runs of the study."""

from __future__ import annotations

import re

from alseg.analysis.statistics import detectable_difference, mean_interval
from documents import README, all_blocks
from study_results import (
    DRIVE,
    DUSK,
    LONGER,
    PROSE,
    RENDERED,
    RESULTS,
    STRATIFIED,
    STREETS,
    TAUGHT,
    change_with_longer_training,
    compared,
    contrast,
    difference,
    differences_by_seed,
    output,
    p_of_flips,
    row,
    scores_of_runs,
    share,
    unpacked,
)

T_OF_TWO = 4.302653
"""Upper 2.5% point of Student's t with 2 degrees of freedom."""


def test_tables_are_what_the_commands_above_them_print() -> None:
    command, shown = "", 0
    for block in all_blocks(RESULTS):
        if "alseg compare" in block:
            command = block.strip()
            continue
        assert command
        shown += 1
        assert block in output(command)
    assert shown == 29


def test_what_is_said_of_the_question() -> None:
    question = contrast("RIPU (RA)", "Random windows")
    assert question["family"] == "question"
    assert question["corrected"]["family"] == 1
    assert question["verdict"] == "not distinguishable"
    p = f"({question['difference']['n']} seeds, p = {question['difference']['p']:.4f})"
    assert f"{difference('RIPU (RA)', 'Random windows')} points {p}" in PROSE
    assert f"nor shown to be equivalent within 1 point (p = {question['equivalence']['p']:.2g})" in PROSE
    mean, half_width = question["difference"]["mean"], question["difference"]["half_width"]
    assert f"The interval, {mean - half_width:.1f} to {mean + half_width:+.3f}," in PROSE
    by_seed = differences_by_seed(4)
    assert f"the sign-flip test without it gives {p_of_flips(by_seed):.2f}." in PROSE
    detectable = detectable_difference(half_width, len(by_seed), 0.95)
    assert f"A true difference of {detectable:.1f} points would have been found" in PROSE


def test_what_is_said_of_all_comparisons() -> None:
    contrasts = compared()["contrasts"]
    assert f"Of {len(contrasts)} declared comparisons none is distinguishable from zero" in PROSE
    assert {each["verdict"] for each in contrasts} == {"not distinguishable"}
    nearest = min(contrasts[1:], key=lambda each: each["corrected"]["p"])
    assert (nearest["label"], nearest["baseline"]) == ("HALO, Euclidean", "Random pixels")
    p = f"{nearest['corrected']['p']:.2g}"
    assert f"{nearest['difference']['mean']:.1f} points with p = {p}" in PROSE
    found = next(note for note in compared()["notes"] if note.startswith("Found with 80%"))
    _, high, least, most = (
        re.findall(r"([\d.]+) to ([\d.]+) (?:points|times)", found)[0]
        + re.findall(r"is ([\d.]+) to ([\d.]+) times", found)[0]
    )
    assert f"goes up to {float(high):.0f} points" in PROSE
    assert f"an estimate of which the truth is {least} to {most} times" in PROSE
    spreads = {
        each["label"]: each["score"]["half_width"] * 3**0.5 / T_OF_TWO
        for each in compared()["rows"]
        if each["score"]["n"] == 3
    }
    by_entropy = [spreads.pop(label) for label in ("Entropy windows", "Uncertainty alone", "Point-based")]
    assert f"between seeds of {min(by_entropy):.1f} to {max(by_entropy):.1f} points" in PROSE
    assert f"all others {min(spreads.values()):.1f} to {max(spreads.values()):.1f}" in PROSE


def test_what_is_said_of_random_rows() -> None:
    rows = [
        each
        for each in compared()["rows"]
        if each["difference"] and each["annotation"] != "image" and not each["sees_labels"]
    ]
    above = [each for each in rows if each["difference"]["mean"] > 0]
    assert f"{len(above)} of the {len(rows)} rows that choose windows, pixels or superpixels" in PROSE
    counts = [
        f"{sum(each['annotation'] == kind for each in above)} of "
        f"{sum(each['annotation'] == kind for each in rows)}"
        for kind in ("region", "pixel", "superpixel")
    ]
    assert f"{counts[0]} with windows, {counts[1]} with pixels, {counts[2]} with superpixels" in PROSE
    gains = [each["difference"]["mean"] for each in above if each["annotation"] == "superpixel"]
    assert f"these by {min(gains):.2f} to {max(gains):.1f} points" in PROSE
    largest = max(rows, key=lambda each: each["difference"]["mean"])
    assert largest["label"] == "Stratified windows"
    assert f"({difference('Stratified windows', 'Random windows')})" in PROSE


def test_what_is_said_of_few_labels() -> None:
    before, after, end = (
        {each["label"]: each for each in compared("--round", number)["rows"]} for number in ("0", "1", "4")
    )
    few = [label for label, each in end.items() if each["acquisition"] and each["annotation"] != "image"]
    losses = [before[label]["score"]["mean"] - after[label]["score"]["mean"] for label in few]
    assert f"lose {min(losses):.0f} to {max(losses):.0f} points after the first purchase" in PROSE
    full = "Fully supervised, same time"
    assert f"gains {after[full]['score']['mean'] - before[full]['score']['mean']:.0f}" in PROSE
    source, none = (end[label]["score"]["mean"] for label in ("Source only", "No labels"))
    assert sum(end[label]["score"]["mean"] < source for label in few) == 5
    assert f"five end below source only ({source:.1f})" in PROSE
    assert f"falls from {before['No labels']['score']['mean']:.1f} to {none:.1f}" in PROSE
    gaps = []
    for label in ("Random windows", "RIPU (RA)"):
        gain = contrast(label, "Source only", "--baseline", "Source only")["difference"]["mean"]
        gaps.append(f"{100 * gain / (end[full]['score']['mean'] - source):.0f}%")
    assert f"it would be {gaps[0]} for random windows and {gaps[1]} for RIPU" in PROSE


def test_what_is_said_of_room_and_efficiency() -> None:
    of_full = contrast("Fully supervised, same time", "Random windows", "--baseline", "Random windows")
    room = f"{of_full['difference']['mean']:.1f} ± {of_full['difference']['half_width']:.1f} points"
    assert PROSE.count(room) == 2
    paired = row("Fully supervised, same time")["score"]["mean"] - of_full["difference"]["mean"]
    assert f"compared with {paired:.1f}, the mean of random windows over seeds 0 to 2" in PROSE
    ends = [
        f"{row(label)['score']['mean']:.1f}"
        for label in ("Random windows", "Random pixels", "Random superpixels")
    ]
    assert f"end at {ends[0]}, {ends[1]} and {ends[2]}" in PROSE
    assert f"(true class balance {difference('True class balance', 'Random windows')}, " in PROSE
    stratified = row("Stratified windows")["score"]["mean"]
    assert all(row(label)["score"]["mean"] < stratified for label in ("True class balance", "True impurity"))
    images = [row(label) for label in ("Random images", "Image-based")]
    times = [f"{each['cost']['clicks_per_image'] / 20:.1f}" for each in images]
    assert f"for {times[0]} (random) and {times[1]} (by entropy) times the clicks" in PROSE
    assert f"{images[0]['score']['mean']:.1f} and {images[1]['score']['mean']:.1f}" in PROSE
    reached = {
        each["label"]: each["reach"]
        for each in compared("--reach", "90", "--x", "clicks")["rows"]
        if each["reach"] and each["reach"]["cost"] is not None
    }
    assert set(reached) == {"Stratified windows", "Random images", "Image-based"}
    first = reached["Stratified windows"]
    assert f"at {first['cost']:.1f} clicks an image, interval from {first['low']:.1f} to beyond" in PROSE
    assert first["high"] is None
    costs = [f"{reached[label]['cost']:.1f}" for label in ("Random images", "Image-based")]
    assert f"Whole images reach it at {costs[0]} and {costs[1]}" in PROSE
    full = row("Fully supervised, same time")["score"]["mean"]
    assert f"90% of full supervision ({0.9 * full:.1f})" in PROSE


def test_what_is_said_of_impurity() -> None:
    against_ripu = difference("True impurity", "RIPU (RA)").lstrip("-")
    undeclared = contrast("True impurity", "Impurity alone", "--baseline", "Impurity alone")["difference"]
    alone = f"{-undeclared['mean']:.1f} ± {undeclared['half_width']:.1f}"
    assert f"{against_ripu} points below RIPU and, not declared, {alone} below predicted impurity" in PROSE
    assert f"true impurity {difference('True impurity', 'Random windows')})" in PROSE
    costs = [row(label)["cost"] for label in ("True impurity", "RIPU (RA)", "Random windows")]
    clicks = [f"{each['clicks'] / (each['pixels'] / 9):.1f}" for each in costs]
    assert f"{clicks[0]} a window against {clicks[1]} for RIPU and {clicks[2]} at random" in PROSE
    assert f"it has {100 * costs[0]['pixels'] / costs[2]['pixels']:.0f}% of random's pixels" in PROSE


def test_what_is_said_of_boundaries() -> None:
    ripu, random = row("RIPU (RA)"), row("Random windows")
    void = [100 - each["cost"]["valid_percent"] for each in (ripu, random)]
    assert f"{void[0]:.0f}% of its pixels are void ({void[1]:.0f}% at random)" in PROSE
    fewer = 100 - 100 * ripu["cost"]["valid_pixels"] / random["cost"]["valid_pixels"]
    assert f"it has {fewer:.0f}% fewer pixels with a class" in PROSE
    bought, pool = ripu["bought"], row("Fully supervised, same time")["bought"]
    assert f"{share(bought, 'sky')} are sky and {share(bought, 'road')} road" in PROSE
    assert share(pool, "sky") == share(pool, "road") == "20%"
    people = ("pedestrian", "bicyclist")
    assert f"{share(bought, 'car')} cars ({share(pool, 'car')})" in PROSE
    assert f"{share(bought, *people)} pedestrians and bicyclists ({share(pool, *people)})" in PROSE
    for name in ("road", "car", "pavement", "sky", "bicyclist", "pedestrian"):
        found = difference("RIPU (RA)", "Random windows", "--metric", f"iou:{name}")
        assert f"{name} {found}" in PROSE
    times = [bought[name] / sum(bought.values()) for name in ("car", "pavement")]
    at_random = [random["bought"][name] / sum(random["bought"].values()) for name in ("car", "pavement")]
    assert [round(one / other) for one, other in zip(times, at_random, strict=True)] == [2, 2]


def test_what_is_said_of_the_schedule() -> None:
    found = [difference("RIPU (RA)", "Random windows", "--round", str(number)) for number in (1, 2, 3, 4)]
    assert f"after purchases 1 to 4 is {', '.join(found[:3])} and {found[3]}" in PROSE
    changes = [
        after - before for before, after in zip(differences_by_seed(1), differences_by_seed(4), strict=True)
    ]
    change = mean_interval(changes)
    assert f"from first to last, {change.mean:+.1f} ± {change.half_width:.1f}," in PROSE


def test_what_is_said_of_blocks() -> None:
    blocks = [
        contrast("RIPU (RA)", "Random windows", "--image-group", f"val-{number}")["difference"]["mean"]
        for number in range(7)
    ]
    assert max(blocks) == blocks[0]
    assert min(blocks) == blocks[3]
    assert f"from {blocks[0]:.1f} in the first block to {blocks[3]:.1f} in the fourth" in PROSE
    later = [word for number in range(1, 7) for word in ("--image-group", f"val-{number}")]
    without = difference("RIPU (RA)", "Random windows", *later)
    p = contrast("RIPU (RA)", "Random windows", *later)["difference"]["p"]
    assert f"it is {without} (p = {p:.2g})" in PROSE


def test_what_is_said_of_runs_and_of_what_is_missing() -> None:
    runs = [run for each in compared()["rows"] for run in each["runs"]]
    assert {run["state"] for run in runs} == {"done"}
    assert f"All {len(runs)} runs on an NVIDIA H200" in PROSE
    again = [run for run in unpacked(DUSK).glob("runs/*/attempts") if len(list(run.iterdir())) > 1]
    assert f"{len(again)} of the other runs were stopped once" in PROSE
    begun = scores_of_runs(DUSK, 0)
    of_d2ada, of_others = (
        [f"{begun[name, seed]:.1f}" for seed in (0, 1)] for name in ("d2ada", "random-superpixels")
    )
    assert (
        f"{of_d2ada[0]} and {of_d2ada[1]} after 600 iterations, the others {of_others[0]} and {of_others[1]}"
        in PROSE
    )
    assert row("RIPU (RA)", "--images")["crossed"] is None


def test_the_readme_says_the_same() -> None:
    readme = " ".join(README.read_text(encoding="utf-8").split())
    scenarios = ((DUSK, ()), (LONGER, ()), (STREETS, DRIVE), (RENDERED, ()), (STRATIFIED, ()))
    tested = [
        each
        for pack, options in (*scenarios, (TAUGHT, ()))
        for each in compared(*options, pack=pack)["contrasts"]
        if each["corrected"]
    ]
    apart = {
        (each["label"], each["baseline"], each["verdict"])
        for each in tested
        if each["verdict"] != "not distinguishable"
    }
    assert apart == {
        ("RIPU (RA)", "Random windows", "lower"),
        ("Stratified windows", "Random windows", "higher"),
        ("Uncertainty alone", "RIPU (RA)", "lower"),
        ("HALO, Euclidean", "Random pixels", "lower"),
    }
    assert sum(each["label"] == "Uncertainty alone" for each in tested if each["verdict"] == "lower") == 2
    verdicts = [
        contrast("RIPU (RA)", "Random windows", *options, pack=pack)["verdict"] for pack, options in scenarios
    ]
    assert verdicts == ["not distinguishable", "lower", "lower", "not distinguishable", "lower"]
    smallest = sorted([*(each["difference"]["p"] for each in tested), change_with_longer_training().p])
    number = len(smallest)
    assert f"Of {number} tests that were declared, four of them with other trainings" in readme
    assert f"over all {number} only the second row would remain, if differences are normally" in readme
    assert smallest[0] == contrast("RIPU (RA)", "Random windows", pack=LONGER)["difference"]["p"]
    remaining = f"Over all {number} tests of the study only the longer training remains"
    assert f"{remaining} ({number * smallest[0]:.3f})" in PROSE
    assert number * smallest[0] < 0.05 < number * smallest[1]
    stratified = contrast("Stratified windows", "Random windows", pack=STRATIFIED)
    assert (
        f"are {difference('Stratified windows', 'Random windows', pack=STRATIFIED).lstrip('+')} points above "
        f"random ones (p = {stratified['corrected']['p']:.3f})"
    ) in readme
    for pack, options in scenarios:
        labels = ["Random windows", "RIPU (RA)", "Fully supervised, same time"]
        there = {each["label"]: each["score"] for each in compared(*options, pack=pack)["rows"]}
        scores = [
            f"{there[label]['mean']:.1f} ± {there[label]['half_width']:.1f}" if label in there else "not run"
            for label in labels
        ]
        question = contrast("RIPU (RA)", "Random windows", *options, pack=pack)
        value = question["corrected"]["p"]
        p = f"p = {value:.2f}" if value > 0.1 else f"p = {value:.2g}"
        p = f"p = {value:.4f}" if value < 0.001 or f"{value:.2g}" == "0.05" else p
        found = f"{difference('RIPU (RA)', 'Random windows', *options, pack=pack)} ({p})"
        assert f"| {scores[0]} | {scores[1]} | {found} | {scores[2]} |" in readme
