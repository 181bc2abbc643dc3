"""Text in LaTeX: characters with a meaning of their own, and those that pdflatex cannot set.

Not by pylatexenc: it leaves hyphens, brackets after a row and unknown characters to its caller.
"""

from __future__ import annotations

import re

_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau"

_ESCAPED = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedblright{}",
    "±": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\to$",
    "²": "$^2$",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    **{letter: f"$\\{name}$" for letter, name in zip("αβγδεζηθικλμνξπρστ", _GREEK.split(), strict=True)},
}

_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžČčĆćŁłŃńŘřŚśŹźŻżĞğİıŞşŐőŰű"
"""Beyond ASCII, these are set in any font encoding."""

_APART = "\N{NULL}"
"""Stands between hyphens that LaTeX would join; no text has it."""


def escape_latex(text: str) -> str:
    r"""Return text for a cell of a ``tabular``.

    Args:
        text: On one line, without control characters.

    Returns:
        The same for people to read, with ``\alsegchar{CHARACTER}{U+CODE}`` for each character that pdflatex
        cannot set without further packages. A hyphen before a number becomes a minus.
    """
    signed = re.sub(r"(?<![\w.-])-(?=\d)", "\N{MINUS SIGN}", text)
    parted = signed.replace("--", f"-{_APART}-").replace("--", f"-{_APART}-")
    escaped = "".join(map(_escape, parted)).replace(_APART, "{}")
    # After the end of a row, LaTeX takes a star or what is in brackets for an option.
    return f"{{}}{escaped}" if escaped[:1] in ("[", "*") else escaped


def _escape(character: str) -> str:
    if character.isascii() or character in _LETTERS or character in _ESCAPED:
        return _ESCAPED.get(character, character)
    return rf"\alsegchar{{{character}}}{{U+{ord(character):04X}}}"
