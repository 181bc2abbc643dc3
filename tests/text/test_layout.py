from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from alseg.text.abbreviations import short_names
from alseg.text.layout import Cell, Filled, column, lay_out

LETTERS = "abcXYZ-()主动学é\u0301"
WORDS = st.text(LETTERS, min_size=1, max_size=45).filter(
    lambda word: cell_len(word) == cell_len(word.strip())
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


def shown(
    keys: list[Filled], groups: list[list[Filled]], width: int, remarks: tuple[str, ...] = (), gap: int = 2
) -> list[str]:
    return [line.plain for line in lay_out(keys, groups, width, gap=gap, remarks=remarks)]


def names(*texts: str) -> Filled:
    return column("Method", texts, "left")


def test_what_fits_is_one_table_with_names_left_and_numbers_right() -> None:
    score = Filled("mIoU", (Cell("9.5"), Cell("10.0", best=True)))
    assert shown([names("Random", "RIPU")], [[score], [column("Clicks/image", ["1", "2"])]], 40) == [
        "               Clicks/",
        "Method   mIoU    image",
        "──────────────────────",
        "Random    9.5        1",
        "RIPU    *10.0        2",
    ]


def test_groups_that_do_not_fit_together_have_tables_of_their_own_with_the_names() -> None:
    scores = [column("mIoU", ["10.0"]), column("vs Random", ["+1.0 ± 0.5"])]
    costs = [column("Pixels", ["5%"]), column("Images", ["100"])]
    # 6 + 2 + 4 + 2 + 10 = 24 columns, and 6 + 2 + 6 + 2 + 6 = 22.
    assert shown([names("RIPU")], [scores, costs], 30) == [
        "Method  mIoU   vs Random",
        "────────────────────────",
        "RIPU    10.0  +1.0 ± 0.5",
        "",
        "Method  Pixels  Images",
        "──────────────────────",
        "RIPU        5%     100",
    ]


def test_titles_break_at_spaces_before_there_are_more_tables() -> None:
    columns = [column("traffic light", ["1.0"]), column("traffic sign", ["2.0"])]
    # As they are 6 + 2 + 13 + 2 + 12 = 35 columns, broken 6 + 2 + 7 + 2 + 7 = 24.
    assert shown([names("RIPU")], [columns], 30) == [
        "        traffic  traffic",
        "Method    light     sign",
        "────────────────────────",
        "RIPU        1.0      2.0",
    ]


def test_a_title_that_is_brief_already_is_not_explained_by_itself() -> None:
    differences = Filled("vs baseline", (Cell("+1.0"),), brief="vs baseline")
    assert shown([names("Random")], [[differences]], 40)[-1].split() == ["Random", "+1.0"]


def test_brief_titles_come_before_more_tables_and_are_explained_where_they_do_not_speak() -> None:
    columns = [
        Filled("vegetation", (Cell("1.0"),), brief="veget."),
        Filled("uninterruptible_a", (Cell("2.0"),), brief="#2"),
    ]
    # 6 + 2 + 10 + 2 + 17 = 37 columns; brief 6 + 2 + 6 + 2 + 3 = 19.
    assert shown([names("RIPU")], [columns], 30) == [
        "Method  veget.   #2",
        "───────────────────",
        "RIPU       1.0  2.0",
        "#2: uninterruptible_a",
    ]


def test_a_long_name_breaks_at_spaces_and_its_numbers_stand_at_its_end() -> None:
    long = "Entropy with a temperature of two"
    # Names get 0.4 * 40 = 16 columns; whole, the name would leave room for no number.
    assert shown([names("Random", long)], [[column("mIoU", ["1.0 ± 0.5"] * 2)]], 40) == [
        "Method               mIoU",
        "─────────────────────────",
        "Random          1.0 ± 0.5",
        "Entropy with a",
        "temperature of",
        "two             1.0 ± 0.5",
    ]


def test_a_name_of_one_long_word_has_a_line_of_its_own() -> None:
    assert shown([names("Random", "x" * 35)], [[column("mIoU", ["1.0 ± 0.5"] * 2)]], 40) == [
        "Method       mIoU",
        "─────────────────",
        "Random  1.0 ± 0.5",
        "x" * 35,
        "        1.0 ± 0.5",
    ]


def test_a_remark_stands_beside_its_row_or_below_it() -> None:
    state = column("state", ["done", "failed", "failed"], "left")
    remarks = ("", "no memory", "an error that takes more room than there is")
    assert shown([names("A", "B", "C")], [[state]], 30, remarks) == [
        "Method  state",
        "──────────────",
        "A       done",
        "B       failed  no memory",
        "C       failed",
        "    an error that takes more",
        "    room than there is",
    ]


def test_every_table_repeats_all_keys() -> None:
    columns = [column("state", ["out of memory"], "left"), column("rounds", ["##### 5/5"], "left")]
    assert shown([names("RIPU"), column("seed", ["0"])], [columns], 30) == [
        "Method  seed  state",
        "───────────────────────────",
        "RIPU       0  out of memory",
        "",
        "Method  seed  rounds",
        "───────────────────────",
        "RIPU       0  ##### 5/5",
    ]


def test_the_best_are_bold() -> None:
    *_, line = lay_out([names("RIPU")], [[Filled("mIoU", (Cell("1.0", best=True),))]], 40)
    assert [(line.plain[span.start : span.end], str(span.style)) for span in line.spans] == [("*1.0", "bold")]


@given(
    labels=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    titles=st.lists(st.lists(NAMES, min_size=1, max_size=20, unique=True), min_size=1, max_size=3),
    width=st.integers(40, 200),
    longest=st.integers(3, 17),
    gap=st.sampled_from([1, 2]),
)
def test_at_any_width_names_are_whole_numbers_are_there_once_and_nothing_is_too_wide(
    labels: list[str], titles: list[list[str]], width: int, longest: int, gap: int
) -> None:
    groups: list[list[Filled]] = []
    values: list[str] = []
    for group in titles:
        groups.append([])
        for title, brief in zip(group, short_names(group), strict=True):
            new = [f"§{len(values) + row}".ljust(longest, "§") for row in range(len(labels))]
            values += new
            groups[-1].append(Filled(title, tuple(map(Cell, new)), brief=brief))
    lines = shown([names(*labels)], groups, width, gap=gap)

    assert Counter(re.findall(r"§\S*", " ".join(lines))) == Counter(values)
    # A single word may be wider than the terminal: it is a name, in a row or below the table.
    words = [
        word for text in (*labels, *(title for group in titles for title in group)) for word in text.split()
    ]
    for line in lines:
        assert cell_len(line) <= width or any(cell_len(word) + 2 > width and word in line for word in words)
        assert line == line.rstrip()

    # Below each rule, rows without their numbers are the names in order.
    for table in "\n".join(lines).split("\n\n"):
        (_, body) = re.split(r"─+\n", table)
        rows = [re.sub(r"§\S*", "", line) for line in body.split("\n") if not re.match(r"#\d+: ", line)]
        text = " ".join(" ".join(rows).split())
        assert text.startswith(" ".join(labels))
