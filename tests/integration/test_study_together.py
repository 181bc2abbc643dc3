"""What docs/study-results.md says of all tables together follows from the packed runs."""

from __future__ import annotations

from study_results import (
    DRIVE,
    DUSK,
    LONGER,
    PROSE,
    RENDERED,
    STRATIFIED,
    STREETS,
    TAUGHT,
    contrast,
    difference,
    row,
    share,
)

RAISED = ((DUSK, ()), (STREETS, DRIVE), (RENDERED, ()), (TAUGHT, ()))
"""Packs with the evaluation images that count, whose tables raised the question of stratified windows."""

ALL = (*RAISED, (STRATIFIED, ()), (LONGER, ()))


def test_what_is_said_of_the_question() -> None:
    found = [contrast("RIPU (RA)", "Random windows", *options, pack=pack) for pack, options in ALL]
    lower = [each for each in found if each["verdict"] == "lower"]
    assert len(lower) == 3
    assert {each["verdict"] for each in found if each not in lower} == {"not distinguishable"}
    assert "below them in three of six comparisons" in PROSE
    dusk, photographs, rendered, taught, again, longer = (each["corrected"]["p"] for each in found)
    assert (
        f"longer training (p = {longer:.4f}), in streets to photographs (p = {photographs:.4f}) and on one "
        f"set of procedural streets (p = {again:.3f}), not distinguishable at dusk with the short training "
        f"(p = {dusk:.4f}) and on the other streets with two recipes (p = {rendered:.2f} and {taught:.2f}, "
    ) in PROSE
    times = [f"{6 * p:.1g}" for p in (longer, photographs, again)]
    assert f"p times six is {times[0]}, {times[1]} and {times[2]} for the first three;" in PROSE


def test_what_is_said_of_parts() -> None:
    packs = ((RENDERED, ()), (STREETS, DRIVE), (DUSK, ()))
    alone, impurity = (
        [contrast(label, "RIPU (RA)", *options, pack=pack) for pack, options in packs]
        for label in ("Uncertainty alone", "Impurity alone")
    )
    assert [each["verdict"] for each in alone] == ["lower", "lower", "not distinguishable"]
    assert {each["verdict"] for each in impurity} == {"not distinguishable"}
    told = [
        [difference(label, "RIPU (RA)", *options, pack=pack) for pack, options in packs]
        for label in ("Uncertainty alone", "Impurity alone")
    ]
    p = [f"p = {each['corrected']['p']:.2g}" for each in alone[:2]]
    assert (
        f"in streets, rendered to camera ({told[0][0]}, {p[0]}), and in streets to photographs "
        f"({told[0][1]}, {p[1]}), in the mean at dusk, too ({told[0][2]});"
    ) in PROSE
    assert f"(in these two {told[1][0]} and {told[1][1]}, at dusk {told[1][2]})." in PROSE


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
    losses = [
        row("RIPU (RA)", "--round", "0", *options, pack=pack)["score"]["mean"]
        - row("RIPU (RA)", "--round", "1", *options, pack=pack)["score"]["mean"]
        for pack, options in ALL
    ]
    assert f"than before it, by {min(losses):.0f} to {max(losses):.0f} points." in PROSE
    of_pool, of_ripu = (
        [int(share(row(label, *options, pack=pack)["bought"], "sky", "road")[:-1]) for pack, options in packs]
        for label, packs in (("Fully supervised, same time", ALL[:-1]), ("RIPU (RA)", ALL))
    )
    assert (
        f"sky and road, {min(of_pool)} to {max(of_pool)}% of the pool, are {min(of_ripu)} to {max(of_ripu)}% "
        "of its pixels with a class"
    ) in PROSE
