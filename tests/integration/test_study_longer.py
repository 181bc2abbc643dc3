"""What docs/study-results.md says of the longer training and of runs made twice follows from packed runs."""

from __future__ import annotations

from alseg.analysis.statistics import Difference, mean_interval, paired_difference
from study_results import (
    DUSK,
    LONGER,
    PROSE,
    TWICE,
    change_with_longer_training,
    compared,
    contrast,
    difference,
    differences_by_seed,
    p_of_flips,
    row,
    scores_of_runs,
    share,
)

PAIR = ("RIPU (RA)", "Random windows")


def test_every_run_of_the_primary_comparison_is_there() -> None:
    rows = compared(pack=LONGER)["rows"]
    assert {each["label"] for each in rows} == set(PAIR)
    assert all(each["seeds"] == [0, 1, 2, 3, 4, 5] for each in rows)
    assert {run["state"] for each in rows for run in each["runs"]} == {"done"}


def test_what_is_said_of_the_question() -> None:
    question = contrast(*PAIR, pack=LONGER)
    assert question["verdict"] == "lower"
    p = f"(6 seeds, p = {question['corrected']['p']:.4f})"
    found = difference(*PAIR, pack=LONGER)
    assert f"{found} points {p}" in PROSE
    assert f"RIPU is [{found.lstrip('-')} points below](#day-to-dusk-trained-longer)" in PROSE
    by_seed = differences_by_seed(4, LONGER)
    assert max(by_seed) < 0
    assert f"from {min(by_seed):.1f} to {max(by_seed):.1f}" in PROSE
    assert f"the sign-flip test gives {p_of_flips(by_seed):.3f}, the least" in PROSE
    blocks = [
        contrast(*PAIR, "--image-group", f"val-{number}", pack=LONGER)["difference"]["mean"]
        for number in range(7)
    ]
    assert f"have differences of {min(blocks):.1f} to {max(blocks):.1f}" in PROSE


def test_what_is_said_of_the_change() -> None:
    change = change_with_longer_training()
    changes = [
        longer - short
        for longer, short in zip(differences_by_seed(4, LONGER), differences_by_seed(4), strict=True)
    ]
    assert f"difference is larger** by {_written(change).lstrip('-')} points, the second" in PROSE
    flips = p_of_flips(changes)
    assert sum(each > 0 for each in changes) == 1
    assert f"(p = {change.p:.3f}; sign-flip {flips:.3f}; one seed of six goes the other way)" in PROSE
    longer, short = scores_of_runs(LONGER, 4), scores_of_runs(DUSK, 4)
    random, ripu = (
        paired_difference(_of_method(longer, name), _of_method(short, name))
        for name in ("random-windows", "ripu-ra")
    )
    assert f"random windows end {_written(random).lstrip('+')} points higher than with the" in PROSE
    assert f"RIPU {_written(ripu).lstrip('-')} lower (looked at afterwards)" in PROSE


def test_what_is_said_of_purchases() -> None:
    before, after = scores_of_runs(LONGER, 0), scores_of_runs(LONGER, 1)
    losses = [
        _written(paired_difference(_of_method(before, name), _of_method(after, name))).lstrip("+")
        for name in ("ripu-ra", "random-windows")
    ]
    assert f"network is {losses[0]} points worse than before it, that of random windows {losses[1]}" in PROSE
    rounds = [difference(*PAIR, "--round", str(number), pack=LONGER) for number in (1, 2, 3, 4)]
    assert f"after purchases 1 to 4 is {', '.join(rounds[:3])} and {rounds[3]}: most" in PROSE
    since = mean_interval(
        [
            last - second
            for last, second in zip(
                differences_by_seed(4, LONGER), differences_by_seed(2, LONGER), strict=True
            )
        ]
    )
    assert f"no change is distinguishable ({since.mean:+.1f} ± {since.half_width:.1f})" in PROSE


def test_what_is_said_of_classes() -> None:
    ripu, random = (row(label, pack=LONGER) for label in PAIR)
    found = {
        name: contrast(*PAIR, "--metric", f"iou:{name}", pack=LONGER)["difference"] for name in ripu["bought"]
    }
    lower = {name for name, each in found.items() if each["mean"] + each["half_width"] < 0}
    assert lower == {"car", "road", "pavement", "fence", "tree", "building", "sky"}
    assert all(abs(each["mean"]) < each["half_width"] for name, each in found.items() if name not in lower)
    for name in lower:
        assert f"{name} {difference(*PAIR, '--metric', f'iou:{name}', pack=LONGER)}" in PROSE
    shares = [share(each["bought"], "car") for each in (ripu, random)]
    bought = [share(row("RIPU (RA)", pack=pack)["bought"], "sky") for pack in (LONGER, DUSK)]
    assert f"bought other pixels (sky {bought[0]} in place of {bought[1]})" in PROSE
    assert f"Cars are {shares[0]} of what RIPU buys and {shares[1]} of what is bought at random" in PROSE
    void = 100 - ripu["cost"]["valid_percent"]
    fewer = 100 - 100 * ripu["cost"]["valid_pixels"] / random["cost"]["valid_pixels"]
    assert f"of its pixels {void:.0f}% are void, and {fewer:.0f}% fewer than at random have a class" in PROSE


def test_what_is_said_of_networks_made_twice() -> None:
    begun = scores_of_runs(DUSK, 0)
    windows, superpixels = (
        [f"{begun[name, seed]:.1f}" for seed in (0, 1, 2)]
        for name in ("random-windows", "random-superpixels")
    )
    assert f"rows of windows begin from {windows[0]}, {windows[1]} and {windows[2]}, rows of" in PROSE
    assert f"from {superpixels[0]}, {superpixels[1]} and {superpixels[2]}." in PROSE
    once, again = (
        [f"{scores_of_runs(pack, 1)['d2ada', seed]:.1f}" for seed in (0, 1)] for pack in (TWICE, DUSK)
    )
    assert f"they have {once[0]} and {once[1]} once and {again[0]} and {again[1]} the other time" in PROSE


def _of_method(scores: dict[tuple[str, int], float], method: str) -> dict[int, float]:
    return {seed: score for (name, seed), score in scores.items() if name == method}


def _written(difference: Difference | None) -> str:
    """Return a difference as the document writes it."""
    assert difference is not None
    return f"{difference.mean:+.1f} ± {difference.half_width:.1f}"
