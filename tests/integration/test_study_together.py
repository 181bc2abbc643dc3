"""What docs/study-results.md says of all tables together follows from the packed runs."""

from __future__ import annotations

from alseg.analysis.statistics import smallest_sign_flip_p
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
    times = [6 * p for p in (longer, photographs, again)]
    assert [each < 0.05 for each in times] == [True, True, False]
    assert (
        f"the longer training ({times[0]:.1g}) and streets to photographs ({times[1]:.1g}), not the other "
        f"streets ({times[2]:.2f})."
    ) in PROSE
    assert f"with six pairs the sign-flip test gives no less than {smallest_sign_flip_p(6):.3f}," in PROSE


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
    of_all = [21 * each["difference"]["p"] for each in alone[:2]]
    assert f"comparisons of its table neither remains ({of_all[0]:.2f} and {of_all[1]:.2f})" in PROSE
    assert (
        f"in streets, rendered to camera ({told[0][0]}, {p[0]}), and in streets to photographs "
        f"({told[0][1]}, {p[1]}), in the mean at dusk, too ({told[0][2]})."
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
    losses, at_random = (
        [
            row(label, "--round", "0", *options, pack=pack)["score"]["mean"]
            - row(label, "--round", "1", *options, pack=pack)["score"]["mean"]
            for pack, options in ALL
        ]
        for label in ("RIPU (RA)", "Random windows")
    )
    gain, loss, *many = sorted(at_random)
    assert (at_random[1], at_random[-1]) == (gain, loss)
    assert (
        f"RIPU's network is worse than before it by {min(losses):.0f} to {max(losses):.0f} points, while "
        f"that of random windows loses {many[0]:.0f} to {many[-1]:.0f} in four comparisons, {loss:.0f} with "
        f"the longer training, and gains {-gain:.0f} in streets to photographs."
    ) in PROSE
    of_pool, of_ripu = (
        [int(share(row(label, *options, pack=pack)["bought"], "sky", "road")[:-1]) for pack, options in packs]
        for label, packs in (("Fully supervised, same time", ALL[:-1]), ("RIPU (RA)", ALL))
    )
    assert (
        f"sky and road, {min(of_pool)} to {max(of_pool)}% of the pool, are {min(of_ripu)} to {max(of_ripu)}% "
        "of its pixels with a class"
    ) in PROSE
