"""What docs/study-results.md says of stratified windows on other streets follows from the packed runs."""

from __future__ import annotations

from itertools import product

from alseg.analysis.statistics import mean_interval
from study_results import (
    PROSE,
    STRATIFIED,
    compared,
    contrast,
    difference,
    differences_by_seed,
    p_of_flips,
    row,
    scores_of_runs,
    share,
)

ROWS = {"Stratified windows": "stratified-windows", "RIPU (RA)": "ripu-ra"}


def by_seed(label: str, baseline: str = "random-windows") -> list[float]:
    """Return a row less another in the last round, seed by seed."""
    scores = scores_of_runs(STRATIFIED, 4)
    return [scores[ROWS[label], seed] - scores[baseline, seed] for seed in range(6)]


def rounds(label: str) -> list[str]:
    return [
        difference(label, "Random windows", "--round", str(number), pack=STRATIFIED) for number in (1, 2, 3)
    ]


def crossed(label: str) -> str:
    return f"± {row(label, '--images', pack=STRATIFIED)['crossed']['half_width']:.1f} if the images"


def test_all_runs_are_there() -> None:
    states = [run["state"] for each in compared(pack=STRATIFIED)["rows"] for run in each["runs"]]
    assert states == ["done"] * 24


def test_what_is_said_of_both_questions() -> None:
    stratified, ripu = (contrast(label, "Random windows", pack=STRATIFIED) for label in ROWS)
    assert [each["verdict"] for each in (stratified, ripu)] == ["higher", "lower"]
    assert [each["corrected"]["family"] for each in (stratified, ripu)] == [1, 1]
    found = difference("Stratified windows", "Random windows", pack=STRATIFIED)
    p = stratified["difference"]["p"]
    assert f"{found} points (6 seeds, p = {p:.3f}), {crossed('Stratified windows')}" in PROSE
    values = by_seed("Stratified windows")
    flips = f"so that the sign-flip test gives {p_of_flips(values):.3f}"
    assert f"from {min(values):.1f} to {max(values):.1f}, {flips}" in PROSE
    assert min(values) > 0
    first = rounds("Stratified windows")
    assert f"After the first three purchases it is {first[0]}, {first[1]} and {first[2]}." in PROSE
    found = difference("RIPU (RA)", "Random windows", pack=STRATIFIED)
    flips = f"sign-flip {p_of_flips(by_seed('RIPU (RA)')):.3f}"
    assert f"{found} points (p = {ripu['difference']['p']:.3f}; {flips}), {crossed('RIPU (RA)')}" in PROSE
    first = rounds("RIPU (RA)")
    assert (
        f"After the first three purchases it is {first[0]}, {first[1]} and {first[2]}. In the mean" in PROSE
    )
    twice = [f"{2 * each['difference']['p']:.3f}" for each in (stratified, ripu)]
    assert f"Corrected for both questions of this section, the p are {twice[0]} and {twice[1]}." in PROSE
    interval = stratified["difference"]
    low, high = (interval["mean"] + sign * interval["half_width"] for sign in (-1, 1))
    assert f"The interval, {low:+.1f} to {high:+.1f}, holds gains below" in PROSE
    assert low < 1
    first, last = (differences_by_seed(number, STRATIFIED) for number in (1, 4))
    change = mean_interval([after - before for before, after in zip(first, last, strict=True)])
    found = f"{change.mean:+.1f} ± {change.half_width:.1f}, is not distinguishable from zero (looked"
    assert f"its change from first to last, {found} at afterwards)" in PROSE


def test_what_is_said_of_both_rows_together_and_of_room() -> None:
    values = by_seed("Stratified windows", "ripu-ra")
    interval = mean_interval(values)
    assert (
        f"by {interval.mean:.1f} ± {interval.half_width:.1f} points, in each of six seeds by "
        f"{min(values):.1f} to {max(values):.1f} (not declared"
    ) in PROSE
    full = contrast(
        "Fully supervised, same time", "Random windows", "--baseline", "Random windows", pack=STRATIFIED
    )["difference"]
    room = f"{full['mean']:.1f} ± {full['half_width']:.1f} points above random windows (seeds 0 to 2)"
    assert f"full supervision is {room}." in PROSE
    won = contrast("Stratified windows", "Random windows", pack=STRATIFIED)["difference"]
    low, mean, high = (100 * (won["mean"] + sign * won["half_width"]) / full["mean"] for sign in (-1, 0, 1))
    assert (
        f"windows is {mean:.0f}% of it; the interval of the gain alone is {low:.0f} to {high:.0f}%." in PROSE
    )


def test_what_is_said_of_purchases_and_classes() -> None:
    bought = row("Stratified windows", pack=STRATIFIED)["bought"]
    pool = row("Fully supervised, same time", pack=STRATIFIED)["bought"]
    assert (
        f"{share(bought, 'road')} road and {share(bought, 'building')} building where the pool has "
        f"{share(pool, 'road')[:-1]} and {share(pool, 'building')}"
    ) in PROSE
    apart: dict[str, dict[str, str]] = {label: {} for label in ROWS}
    for label, name in product(ROWS, bought):
        found = contrast(label, "Random windows", "--metric", f"iou:{name}", pack=STRATIFIED)["difference"]
        if abs(found["mean"]) > found["half_width"]:
            apart[label][name] = f"{found['mean']:+.1f} ± {found['half_width']:.1f}"
    stratified, ripu = apart["Stratified windows"], apart["RIPU (RA)"]
    assert set(stratified) == {"rider", "bicycle", "traffic light", "terrain"}
    rider, bicycle, light = (stratified[name].lstrip("+") for name in ("rider", "bicycle", "traffic light"))
    assert f"Rider gets {rider}, bicycle {bicycle} and traffic light {light} points more" in PROSE
    assert f"terrain {stratified['terrain'].lstrip('-')} less (of" in PROSE
    assert f"for bicycle ({ripu['bicycle']}) and rider ({ripu['rider']})" in PROSE
    losses = [name for name, found in ripu.items() if found.startswith("-")]
    assert (len(losses), len(ripu)) == (9, 11)
    assert f"for nine other classes, traffic sign furthest ({ripu['traffic sign']})" in PROSE
    void = [
        100 - row(label, pack=STRATIFIED)["cost"]["valid_percent"]
        for label in ("Stratified windows", "Random windows")
    ]
    assert f"({void[0]:.0f}% against {void[1]:.0f}% at random)" in PROSE
