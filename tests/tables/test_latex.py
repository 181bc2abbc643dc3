from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from alseg.tables.latex import escape_latex
from alseg.tables.markup import as_latex
from comparing import compared
from fakeruns import write_run

ACCENTS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžČčĆćŁłŃńŘřŚśŹźŻżĞğİıŞşŐőŰű"

HOSTILE = (
    "<script>alert(1)</script>",
    "a_b%&",
    r"~^\{}",
    "$x^2$ #1 | \"quoted\" `back` 'tick'",
    "[2pt] in brackets",
    "*starred",
    r"\input{/etc/passwd} \end{tabular}",
    "%",
    "-5 to -3.5 -- dashed --- twice",
    "\N{GREEK SMALL LETTER ALPHA} ≤ β \N{MULTIPLICATION SIGN} 10² → ±0.5, 3 \N{EN DASH} 4 — λ",
    "主动学习 вход مدخل 🚗",
    ACCENTS,
)
"""Labels of methods and names of classes."""


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b%&", r"a\_b\%\&"),
        (r"~^\{}", r"\textasciitilde{}\textasciicircum{}\textbackslash{}\{\}"),
        ("<script>", r"\textless{}script\textgreater{}"),
        ("-4.6 [-5.4, +3.6]", "$-$4.6 [$-$5.4, +3.6]"),
        ("2-3 RIPU-5", "2-3 RIPU-5"),
        ("a--b---c", "a-{}-b-{}-{}-c"),
        ("[x]", "{}[x]"),
        ("*x", "{}*x"),
        ("主", r"\alsegchar{主}{U+4E3B}"),
        ("\N{EN DASH}", "--"),
        ("", ""),
    ],
)
def test_text_is_escaped_for_a_cell(text: str, escaped: str) -> None:
    assert escape_latex(text) == escaped


def write_hostile(tmp_path: Path) -> Path:
    """Write two scenarios with two seeds in which every name is hostile."""
    for scenario in ("first_100%", "second #2 → 主"):
        for seed in (0, 1):
            for order, label in enumerate(HOSTILE):
                write_run(
                    tmp_path / scenario[:5],
                    label,
                    seed,
                    order=order,
                    acquisition="random" if order == 0 else "entropy",
                    classes=HOSTILE,
                    iou=[[1.0] * len(HOSTILE), [40.0 + order + seed * (order % 3)] * len(HOSTILE)],
                    subsets={"a_b": HOSTILE[:2]},
                    scenario=scenario,
                )
    return tmp_path


def test_the_output_says_what_it_needs(tmp_path: Path) -> None:
    write_run(tmp_path / "toy", "Random")
    lines = as_latex(compared(tmp_path / "toy")).splitlines()
    assert lines[:2] == [
        r"% Needs \usepackage{booktabs}. Compiles with pdflatex, where characters that it cannot set appear "
        "as codes, such as [U+4E3B]; lualatex and xelatex set them in a font that has them.",
        r"% Too wide for the page? \usepackage{graphicx} and \resizebox{\textwidth}{!}{...} around the "
        "tabular.",
    ]
    assert not any("alsegchar" in line for line in lines)


def test_pdflatex_compiles_every_table_whatever_the_names_are(tmp_path: Path) -> None:
    pdflatex = shutil.which("pdflatex")
    if pdflatex is None:
        pytest.skip("needs pdflatex with booktabs (texlive-latex-base, texlive-latex-recommended)")
    write_hostile(tmp_path)
    comparison = compared(tmp_path / "first", tmp_path / "secon", ranks=None, penalties=True, x="pixels")
    text = as_latex(comparison)
    assert text.count(r"\begin{tabular}") == 3
    document = (
        "\\documentclass{article}\n\\usepackage{booktabs}\n\\usepackage[paperwidth=5000pt]{geometry}\n"
        f"\\begin{{document}}\n{text}\\end{{document}}\n"
    )
    (tmp_path / "table.tex").write_text(document, encoding="utf-8")
    command = [pdflatex, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Missing character" not in (tmp_path / "table.log").read_text(errors="replace")
    assert (tmp_path / "table.pdf").stat().st_size > 0
