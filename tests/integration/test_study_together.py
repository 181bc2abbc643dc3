"""What docs/study-results.md says of all tables together follows from the packed runs."""

from __future__ import annotations

from study_results import (
    DRIVE,
    DUSK,
    PROSE,
    RENDERED,
    STRATIFIED,
    STREETS,
    TAUGHT,
    contrast,
    row,
    share,
)

RAISED = ((DUSK, ()), (STREETS, DRIVE), (RENDERED, ()), (TAUGHT, ()))
"""Packs with the evaluation images that count, whose tables raised the question of stratified windows."""

ALL = (*RAISED, (STRATIFIED, ()))


def test_what_is_said_of_the_question() -> None:
    dusk, photographs, rendered, taught, again = (
        contrast("RIPU (RA)", "Random windows", *options, pack=pack)["corrected"]["p"]
        for pack, options in ALL
    )
    lower = f"real photographs (p = {photographs:.4f}) and on one set of procedural streets (p = {again:.3f})"
    assert f"{lower}, not distinguishable in the other with photographs (p = {dusk:.4f})" in PROSE
    assert f"with two recipes (p = {rendered:.2f} and {taught:.2f}, the second" in PROSE
    assert f"p times five is {5 * photographs:.3f} for the first and {5 * again:.2f} for the second;" in PROSE
    assert min(dusk, rendered, taught, again) > photographs


def test_what_is_said_of_stratified_windows() -> None:
    earlier = [
        contrast("Stratified windows", "Random windows", *options, pack=pack) for pack, options in RAISED
    ]
    means = [f"{each['difference']['mean']:+.1f}" for each in earlier]
    assert f"they were {', '.join(means[:3])} and {means[3]}, nowhere distinguishable" in PROSE
    assert {each["verdict"] for each in earlier} == {"not distinguishable"}


def test_what_is_said_of_reasons() -> None:
    void = [
        [
            100 - row(label, *options, pack=pack)["cost"]["valid_percent"]
            for label in ("RIPU (RA)", "Random windows")
        ]
        for pack, options in ALL
    ]
    times = [ripu / random for ripu, random in void]
    assert f"hold {min(times):.0f} to {max(times):.0f} times as many void pixels as random ones" in PROSE
    of_pool, of_ripu = (
        [int(share(row(label, *options, pack=pack)["bought"], "sky", "road")[:-1]) for pack, options in ALL]
        for label in ("Fully supervised, same time", "RIPU (RA)")
    )
    assert (
        f"sky and road, {min(of_pool)} to {max(of_pool)}% of the pool, are {min(of_ripu)} to {max(of_ripu)}% "
        "of its pixels with a class"
    ) in PROSE
