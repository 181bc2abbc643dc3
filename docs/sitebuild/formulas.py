"""Formulas of rendered pages as MathML, which browsers show without a script.

Documents and docstrings write LaTeX as GitHub renders it: a block of the language ``math``, or, in a line,
between a dollar with a backtick and a backtick with a dollar.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

_BLOCK = re.compile(r'<pre class="formula"><code>(?P<latex>.*?)</code></pre>', re.DOTALL)
_INLINE = re.compile(r"\$<code>(?P<latex>[^<]*)</code>\$")

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'
"""HTML needs none."""

_LIMITS = {"msub": "munder", "msubsup": "munderover"}
"""Where what stands beside a sum or a maximum stands below and above it on lines of its own."""

_WITH_LIMITS = {"min", "max", "\N{N-ARY SUMMATION}"}
_FUNCTION = r"<mi>(?:log|exp|cos)</mi>"
_BEFORE = re.compile(rf"(?:(?<=</m[in]>)|(?<=</m(?:sub|sup|row)>)|(?<=</mfrac>))(?={_FUNCTION})")
_AFTER = re.compile(rf"({_FUNCTION})(?=<m[ins]|<mfrac|<mrow><m[ins])")
_THIN_SPACE = '<mspace width="0.167em" />'


class FormulaError(Exception):
    """LaTeX that has no faithful MathML."""


def mathml(latex: str, *, in_line: bool) -> str:
    """Return a formula as an element ``math``.

    Args:
        latex: Without delimiters.
        in_line: Whether it stands in a line of text, or on lines of its own.

    Raises:
        FormulaError: If a command is unknown, or braces do not match.
    """
    if latex.replace(r"\{", "").count("{") != latex.replace(r"\}", "").count("}"):
        raise FormulaError(f"braces do not match in the formula {latex!r}")
    try:
        made = convert(latex, display="inline" if in_line else "block").replace(_NAMESPACE, "")
        tree = ElementTree.fromstring(made)
    except Exception as error:  # those of the converter have no common kind
        raise FormulaError(f"the formula {latex!r}: {type(error).__name__}: {error}") from error
    for element in tree.iter():
        if element.tag in ("mi", "mo", "mn") and ("\\" in (text := element.text or "") or text in ("", "&")):
            raise FormulaError(
                f"the formula {latex!r} has something unknown: {text!r}"
            )  # the converter goes on
        if not in_line and element.tag in _LIMITS and (element[0].text or "").strip() in _WITH_LIMITS:
            element.tag = _LIMITS[element.tag]
    made = ElementTree.tostring(tree, encoding="unicode")
    return _AFTER.sub(rf"\1{_THIN_SPACE}", _BEFORE.sub(_THIN_SPACE, made))


def with_formulas(page: str) -> str:
    """Return a page of HTML whose formulas are MathML.

    Raises:
        FormulaError: As `mathml`.
    """
    page = _BLOCK.sub(lambda found: _block(_latex(found["latex"])), page)
    return _INLINE.sub(lambda found: mathml(_latex(found["latex"]), in_line=True), page)


def _block(latex: str) -> str:
    """Return a block of formulas; those with ``\\qquad`` between them come one below the other on a phone."""
    parts = "".join(mathml(part.strip(), in_line=False) for part in latex.split(r"\qquad"))
    return f'<div class="formula" tabindex="0">{parts}</div>'


def _latex(escaped: str) -> str:
    return " ".join(html.unescape(escaped).split())
