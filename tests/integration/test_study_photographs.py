"""What docs/study-results.md says of streets to photographs follows from the packed runs."""

from __future__ import annotations

from study_results import DRIVE, PROSE, STREETS, compared, contrast, difference, row, share


def test_what_is_said_of_streets_to_photographs() -> None:
    question = contrast("RIPU (RA)", "Random windows", *DRIVE, pack=STREETS)
    assert question["verdict"] == "lower"
    p = f"(6 seeds, p = {question['corrected']['p']:.4f})"
    assert f"{difference('RIPU (RA)', 'Random windows', *DRIVE, pack=STREETS)} points {p}" in PROSE
    crossed = row("RIPU (RA)", *DRIVE, "--images", pack=STREETS)["crossed"]
    assert f"± {crossed['half_width']:.1f} if the {crossed['groups']} blocks" in PROSE
    other = difference("RIPU (RA)", "Random windows", "--image-group", "0016E5*", pack=STREETS)
    assert f"it is {other};" in PROSE
    contrasts = compared(*DRIVE, pack=STREETS)["contrasts"]
    assert {each["verdict"] for each in contrasts if each != question} == {"not distinguishable"}
    for label, baseline, words in (
        ("Stratified windows", "Random windows", "stratified windows"),
        ("True class balance", "Random windows", "true class balance"),
        ("RIPU (PA)", "Random pixels", "against random pixels"),
    ):
        assert f"{words} {difference(label, baseline, *DRIVE, pack=STREETS)}" in PROSE
    rounds = [
        contrast("RIPU (RA)", "Random windows", *DRIVE, "--round", str(number), pack=STREETS)["difference"]
        for number in (1, 2, 3, 4)
    ]
    means = [f"{-each['mean']:.1f}" for each in rounds]
    assert f"RIPU is {', '.join(means[:3])} and {means[3]} points lower in the mean" in PROSE
    room = contrast(
        "Fully supervised, same time", "Random windows", *DRIVE, "--baseline", "Random windows", pack=STREETS
    )["difference"]
    assert f"{room['mean']:.1f} ± {room['half_width']:.1f} points above random windows" in PROSE


def test_what_is_said_of_purchases_in_streets_to_photographs() -> None:
    ripu, random = (row(label, *DRIVE, pack=STREETS) for label in ("RIPU (RA)", "Random windows"))
    pool = row("Fully supervised, same time", *DRIVE, pack=STREETS)["bought"]
    void = [100 - each["cost"]["valid_percent"] for each in (ripu, random)]
    assert f"{void[0]:.0f}% void ({void[1]:.0f}% at random)" in PROSE
    bought = ripu["bought"]
    of_pool = f"({share(pool, 'sky')} and {share(pool, 'road')} in the pool)"
    assert f"of the rest {share(bought, 'sky')} sky and {share(bought, 'road')} road {of_pool}" in PROSE
    for name in ("pavement", "tree", "sign symbol", "road"):
        options = (*DRIVE, "--metric", f"iou:{name}")
        assert f"{name} {difference('RIPU (RA)', 'Random windows', *options, pack=STREETS)}" in PROSE
    times = {
        name: bought[name] / sum(bought.values()) / (random["bought"][name] / sum(random["bought"].values()))
        for name in ("pavement", "sign symbol", "tree")
    }
    assert {name: round(each) for name, each in times.items()} == {"pavement": 3, "sign symbol": 3, "tree": 1}
