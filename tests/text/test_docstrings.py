from __future__ import annotations

from alseg.text.docstrings import docstring_of, formula_lines


class Passes:
    """What several have in common.

    Attributes:
        count: Passes.
        source: What differs.
    """


class Documented(Passes):
    """Mean of ``p``,
    as it is.

    A second paragraph
    over two lines: not a section.

    Attributes:
        source: Replaces that of
            the base class: on two lines.
        power: Of the ``score``.

    Source:
        A paper, 2020.
    """  # fmt: skip


def build(radius: int = 1) -> None:
    """Build it.

    Args:
        radius: Of the window.

    Raises:
        ValueError: Never.
    """


class Undocumented(Passes):
    pass


def test_paragraphs_are_lines_of_markdown_without_the_sections() -> None:
    found = docstring_of(Documented)
    assert found.summary == "Mean of `p`, as it is."
    assert found.body == ("A second paragraph over two lines: not a section.",)


def test_parameters_are_those_of_the_class_and_of_its_bases() -> None:
    assert docstring_of(Documented).parameters == {
        "count": "Passes.",
        "source": "Replaces that of the base class: on two lines.",
        "power": "Of the `score`.",
    }


def test_parameters_of_a_function_are_its_arguments_and_nothing_that_it_raises() -> None:
    assert docstring_of(build).parameters == {"radius": "Of the window."}


def test_a_class_without_docstring_has_that_of_its_base() -> None:
    assert docstring_of(Undocumented) == docstring_of(Passes)


def test_what_has_no_docstring_says_nothing() -> None:
    found = docstring_of(lambda: None)
    assert (found.summary, found.body, found.parameters) == ("", (), {})


def test_a_formula_is_one_line_of_latex_with_what_its_symbols_mean() -> None:
    class WithFormula:
        r"""Half of ``p``.

        Formula:
            \frac{p}
            {2}

            p is $`p_c`$, as ``beta`` says.

        Attributes:
            beta: A number.
        """

    found = docstring_of(WithFormula)
    assert found.formula == r"\frac{p} {2}"
    assert found.symbols == ("p is $`p_c`$, as `beta` says.",)
    assert (found.summary, found.body, found.parameters) == ("Half of `p`.", (), {"beta": "A number."})
    assert list(formula_lines(found)) == [
        *("", "```math", r"\frac{p} {2}", "```"),
        *("", "p is $`p_c`$, as `beta` says."),
    ]
    assert list(formula_lines(docstring_of(build))) == []
