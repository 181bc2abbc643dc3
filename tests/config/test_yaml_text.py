"""YAML text: what is read and written, beside the mistakes of `test_mistakes`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alseg.config.document import parse_value, read_document
from alseg.config.yaml_text import as_yaml
from demofile import BASE, errors_of, read, replaced


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


words = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(
        ["1e3", ".5e3", "off", "y", "~", "null", "2024-01-01", "12:30", "0x1F", "0o7", "1_0", "<<", "="]
    ),
)
plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=300)
@given(value=plain)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    again = parse_value(as_yaml(value), "value")
    assert again == value
    assert repr(again) == repr(value)  # 1 is not 1.0 and not true


@pytest.mark.parametrize("text", ["off", "y", "2024-01-01", "12:30", "1e3", ".5e3", "0x1F", "1_0"])
def test_written_text_is_text_to_a_reader_of_yaml_1_1(text: str) -> None:
    assert yaml.safe_load(as_yaml({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("number", [1e-05, 1e300, 0.1, 3.0])
def test_a_written_number_is_a_number_to_a_reader_of_yaml_1_1(number: float) -> None:
    assert yaml.safe_load(as_yaml([number])) == [number]


def test_a_file_is_written_one_item_a_line_in_its_order() -> None:
    assert as_yaml({"name": "Größe", "seeds": [1, 2], "recipe": {"rate": 1e-05}, "cache": None}) == (
        "name: Größe\nseeds:\n- 1\n- 2\nrecipe:\n  rate: 1.0e-05\ncache: null\n"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{label: Really?, a: 1}", {"label": "Really?", "a": 1}),
        ('{\n\t"a": 1\n}', {"a": 1}),
        ("[&a 1, &a 2, *a]", [1, 2, 2]),
        (
            "[no, off, 2024-01-01, 0x1F, 0o7, 12:30, -_, =]",
            ["no", "off", "2024-01-01", "0x1F", "0o7", "12:30", "-_", "="],
        ),
        ("[1_000, 08, +1, 1e3, .5e3, 1., -.inf]", [1000, 8, 1, 1000.0, 500.0, 1.0, float("-inf")]),
        ("[true, FALSE, ~, Null, ]", [True, False, None, None]),
        ("%YAML 1.1\n---\n[no, 0x10, 010]", ["no", "0x10", 10]),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ("a\u2028b", "a\u2028b"),
    ],
)
def test_scalars_and_syntax_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    assert parse_value(text, "value") == value


def test_a_version_of_yaml_that_does_not_exist_is_one_line(folder: Path) -> None:
    (line,) = errors_of(f"%YAML 1.3\n---\n{BASE}")
    assert line == "demo.yaml: version minor part can only be 2 or 1, got (1, 3)"


def test_an_anchor_that_is_used_again_warns_nobody(folder: Path, recwarn: pytest.WarningsRecorder) -> None:
    assert read(replaced("seeds: [0, 1]", "seeds: [&a 4, &a 5]")).seeds == (4, 5)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a:\n\n  b:\n\nc: 1\n", (3, 5)),
        ("a: {b: , c: 1}\n", (1, 7)),
        ("a:\r\n  b: \r\n", (2, 5)),
        ("a: {b: !!null }\n", (1, 8)),
        ("a: {b: ''}\n", (1, 8)),
    ],
)
def test_an_absent_value_stands_after_its_key(folder: Path, text: str, position: tuple[int, int]) -> None:
    file = folder / "positions.yaml"
    file.write_text(text, newline="")
    assert read_document(file).values["a", "b"] == position


def test_a_mistake_in_an_absent_parameter_is_reported_on_its_line(folder: Path) -> None:
    text = replaced("{name: plain, iterations: 100}", "\n  name: plain\n  iterations:\n  learning_rate: 0.1")
    assert errors_of(text) == ["demo.yaml:6:14: expected a whole number, got nothing"]


def test_a_token_that_is_not_expected_is_named_plainly(folder: Path) -> None:
    (line,) = errors_of("a\nb: 1\nc: 2\n")
    assert line == "demo.yaml:2:2: not valid YAML: mapping values are not allowed here"
    (line,) = errors_of("[a]\nb: 1\n")
    assert (
        line
        == "demo.yaml:2:1: not valid YAML: expected '<document start>', but found '<block mapping start>'"
    )
