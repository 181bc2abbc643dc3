"""Formulas of pages become MathML."""

from __future__ import annotations

import re

import pytest

from alseg.cli.method_reference import own_acquisitions
from alseg.registry.loading import load_registry
from alseg.text.docstrings import docstring_of
from documents import DOCS
from install import skip_unless_alseg_is_installed

pytest.importorskip("latex2mathml", reason="the extra docs is not installed")

from sitebuild.formulas import FormulaError, mathml, with_formulas


def test_a_block_of_math_and_a_formula_in_a_line_become_mathml() -> None:
    page = '<pre class="formula"><code>a &lt; \\frac{b}{2}</code></pre><p>of $<code>p_c</code>$, $<code>$</p>'
    assert with_formulas(page) == (
        '<div class="formula" tabindex="0"><math display="block"><mrow><mi>a</mi><mo>&lt;</mo>'
        "<mfrac><mrow><mi>b</mi></mrow><mrow><mn>2</mn></mrow></mfrac></mrow></math></div>"
        '<p>of <math display="inline"><mrow><msub><mi>p</mi><mi>c</mi></msub></mrow></math>, $<code>$</p>'
    )


def test_formulas_of_a_block_that_stand_apart_can_come_one_below_the_other() -> None:
    page = with_formulas('<pre class="formula"><code>a = b, \\qquad b = c</code></pre>')
    assert page.count("<math") == 2


def test_a_sum_has_its_limits_above_and_below_where_there_is_room() -> None:
    assert "<munderover><mo>\N{N-ARY SUMMATION}</mo>" in mathml(r"\sum_{c=1}^{C} p_c", in_line=False)
    assert "<munder><mo>max</mo>" in mathml(r"\max_c p_c", in_line=False)
    assert "<msub><mo>max</mo>" in mathml(r"\max_c p_c", in_line=True)


def test_a_logarithm_stands_apart_from_what_is_beside_it() -> None:
    space = '<mspace width="0.167em" />'
    assert f"<mi>p</mi>{space}<mi>log</mi>{space}<mi>p</mi>" in mathml(r"p \log p", in_line=True)
    assert "<mi>log</mi><mo" in mathml(r"\log(p)", in_line=True)


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\frac{a", r"braces do not match in the formula '\\frac{a'"),
        (r"\foo{x}", r"the formula '\\foo{x}' has something unknown: '\\foo'"),
        ("a & b", "the formula 'a & b': ParseError: not well-formed (invalid token): line 1, column 44"),
    ],
)
def test_what_the_converter_would_let_pass_stops_the_build(latex: str, message: str) -> None:
    with pytest.raises(FormulaError) as raised:
        mathml(latex, in_line=True)
    assert str(raised.value) == message


def test_every_acquisition_from_a_paper_has_a_formula_that_can_be_shown() -> None:
    skip_unless_alseg_is_installed()
    without = []
    for entry in own_acquisitions(load_registry()):
        formula = docstring_of(type(entry.spec.build())).formula
        if formula:
            mathml(formula.replace(r"\qquad", ""), in_line=False)
        else:
            without.append(entry.spec.name)
    assert without == ["random"]  # the only one without a paper


def test_every_formula_of_the_documents_can_be_shown() -> None:
    found = 0
    for document in DOCS.rglob("*.md"):
        text = document.read_text(encoding="utf-8")
        for latex in [
            *re.findall(r"^```math\n(.*?)^```$", text, re.DOTALL | re.MULTILINE),
            *re.findall(r"\$`(.+?)`\$", text),
        ]:
            with_formulas(f"$<code>{latex.replace('<', '&lt;')}</code>$".replace(r"\qquad", ""))
            found += 1
    assert found > 70
