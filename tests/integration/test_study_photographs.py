"""What docs/study-results.md says of streets to photographs follows from the packed runs."""

from __future__ import annotations

import re

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


def test_what_is_said_of_the_other_comparisons() -> None:
    question, *others = compared(*DRIVE, pack=STREETS)["contrasts"]
    assert question["family"] == "question"
    alone, halo = (each for each in others if each["verdict"] != "not distinguishable")
    assert (alone["label"], alone["baseline"], alone["verdict"]) == (
        "Uncertainty alone",
        "RIPU (RA)",
        "lower",
    )
    assert (halo["label"], halo["baseline"], halo["verdict"]) == ("HALO, Euclidean", "Random pixels", "lower")
    assert f"Of the other {len(others)} declared comparisons two are distinguishable" in PROSE
    number = len(others) + 1
    of_alone, of_halo = (
        difference(each["label"], each["baseline"], *DRIVE, pack=STREETS).lstrip("-")
        for each in (alone, halo)
    )
    assert alone["corrected"]["family"] == 3
    assert (
        f"uncertainty alone is {of_alone} points below RIPU (RA) (p = {alone['corrected']['p']:.2g} within "
        f"its family of three; over all {number}, {number * alone['difference']['p']:.2f})"
    ) in PROSE
    assert (
        f"HALO {of_halo} below random pixels (p = {halo['corrected']['p']:.3f}; over all {number}, "
        f"{number * halo['difference']['p']:.2f})"
    ) in PROSE
    of_val = [
        difference(each["label"], each["baseline"], "--image-group", "0016E5*", pack=STREETS)
        for each in (alone, halo)
    ]
    assert f"On SegNet's `val` these two are {of_val[0]} and {of_val[1]} (looked" in PROSE
    note = next(each for each in compared(*DRIVE, pack=STREETS)["notes"] if each.startswith("Found with 80%"))
    low, high = re.findall(r"([\d.]+) to ([\d.]+) points", note)[0]
    assert f"true differences of {low} to {high} points would have been found" in PROSE
    stratified, impurity = (
        difference(label, "Random windows", *DRIVE, pack=STREETS)
        for label in ("Stratified windows", "Impurity alone")
    )
    assert f"stratified windows ({stratified}) or impurity alone ({impurity}) differ" in PROSE


def test_what_is_said_of_random_rows() -> None:
    rows = [
        each
        for each in compared(*DRIVE, pack=STREETS)["rows"]
        if each["difference"] and each["annotation"] != "image" and not each["sees_labels"]
    ]
    gains = {
        kind: [each["difference"]["mean"] for each in rows if each["annotation"] == kind]
        for kind in ("region", "pixel", "superpixel")
    }
    above = {kind: [gain for gain in each if gain > 0] for kind, each in gains.items()}
    assert [each["label"] for each in rows if each["difference"]["mean"] in above["region"]] == [
        "Stratified windows"
    ]
    assert f"stratified windows alone of the {len(gains['region'])} rows that choose windows" in PROSE
    assert (
        f"{len(above['pixel'])} of {len(gains['pixel'])} that choose pixels, and {len(above['superpixel'])} "
        f"of {len(gains['superpixel'])} that choose superpixels are above random ones, by "
        f"{min(above['superpixel']):.1f} to {max(above['superpixel']):.1f} points"
    ) in PROSE
    windows, superpixels = (
        row(label, *DRIVE, pack=STREETS)["score"]["mean"]
        for label in ("Random windows", "Random superpixels")
    )
    assert f"random superpixels are {windows - superpixels:.1f} points below random windows" in PROSE


def test_what_is_said_of_references() -> None:
    rows = {each["label"]: each for each in compared(*DRIVE, pack=STREETS)["rows"]}
    source, ripu, none = (rows[label]["score"] for label in ("Source only", "RIPU (RA)", "No labels"))
    few = [
        each
        for each in rows.values()
        if each["acquisition"] and each["annotation"] != "image" and not each["sees_labels"]
    ]
    below = [each for each in few if each["score"]["mean"] < source["mean"]]
    assert f"Source only ends higher than {len(below)} of the {len(few)} rows" in PROSE
    assert (
        f"{source['mean']:.1f} ± {source['half_width']:.1f}, in the mean, RIPU's {ripu['mean']:.1f}" in PROSE
    )
    full = rows["Fully supervised, same time"]["score"]["mean"]
    options = ("--baseline", "Source only", *DRIVE)
    gaps = [
        100
        * contrast(label, "Source only", *options, pack=STREETS)["difference"]["mean"]
        / (full - source["mean"])
        for label in ("Random windows", "RIPU (RA)")
    ]
    assert f"it would be {gaps[0]:.0f}% for random windows and {gaps[1]:.0f}% for RIPU" in PROSE
    before = row("No labels", *DRIVE, "--round", "0", pack=STREETS)["score"]["mean"]
    assert f"this recipe falls from {before:.1f} to {none['mean']:.1f}" in PROSE


def test_what_is_said_of_entropy() -> None:
    rows = [
        row(label, *DRIVE, pack=STREETS) for label in ("Entropy windows", "Uncertainty alone", "Point-based")
    ]
    scores = [each["score"]["mean"] for each in rows]
    void = [100 - each["cost"]["valid_percent"] for each in rows]
    assert (
        f"with windows ({scores[0]:.1f} and {scores[1]:.1f}), and {min(void):.0f} to {max(void):.0f}%"
        in PROSE
    )
    windows = [
        each["score"]["mean"]
        for each in compared(*DRIVE, pack=STREETS)["rows"]
        if each["acquisition"] and each["annotation"] == "region"
    ]
    assert sorted(windows)[:2] == sorted(scores[:2])


def test_what_is_said_of_whole_images_and_efficiency() -> None:
    images = [
        row(label, *DRIVE, pack=STREETS) for label in ("Random images", "Image-based", "Random windows")
    ]
    clicks = [f"{each['cost']['clicks_per_image']:.1f}" for each in images]
    scores = [f"{each['score']['mean']:.1f}" for each in images]
    times = [each["cost"]["clicks_per_image"] / images[2]["cost"]["clicks_per_image"] for each in images[:2]]
    assert f"cost {times[0]:.1f} times the clicks here" in PROSE
    assert max(each["score"]["mean"] for each in images[:2]) < images[2]["score"]["mean"]
    assert (
        f"they cost {clicks[0]} (random) and {clicks[1]} (by entropy) clicks per image of the pool and end "
        f"at {scores[0]} and {scores[1]}, random windows for {clicks[2]} clicks at {scores[2]}."
    ) in PROSE
    rows = compared("--reach", "90", "--x", "clicks", *DRIVE, pack=STREETS)["rows"]
    (reached,) = (each for each in rows if each["reach"] and each["reach"]["cost"] is not None)
    assert reached["label"] == "True class balance"
    full = 0.9 * row("Fully supervised, same time", *DRIVE, pack=STREETS)["score"]["mean"]
    assert f"full supervision ({full:.1f}) in the mean, at {reached['reach']['cost']:.1f} clicks" in PROSE


def test_what_is_said_of_true_impurity() -> None:
    against_ripu = difference("True impurity", "RIPU (RA)", *DRIVE, pack=STREETS).lstrip("-")
    options = ("--baseline", "Impurity alone", *DRIVE)
    alone = contrast("True impurity", "Impurity alone", *options, pack=STREETS)["difference"]
    found = f"{against_ripu} and {-alone['mean']:.1f} ± {alone['half_width']:.1f}"
    assert f"in streets to photographs {found}. Three seeds" in PROSE


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
