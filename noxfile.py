"""Checks of a change by name: ``nox`` does the quick ones, ``nox -s lint`` one, ``nox -l`` lists them all.

They run in the environment that is active, in which ``pip install -e ".[test]"`` has been done, and change
nothing but `fix`. `.ci/run` calls ``nox``, too: what passes here passes there.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "imports", "spelling", "changelog"]


@nox.session
def lint(session: nox.Session) -> None:
    """Rules and layout of Python code."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Type hints."""
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Which package imports which."""
    session.run("lint-imports")


@nox.session
def spelling(session: nox.Session) -> None:
    """Misspelt words."""
    session.run("typos")


@nox.session
def changelog(session: nox.Session) -> None:
    """The form of CHANGELOG.md."""
    session.run("python", ".ci/changelog.py", "CHANGELOG.md")


@nox.session
def tests(session: nox.Session) -> None:
    """Tests; what follows ``--`` is handed to pytest, such as ``nox -s tests -- tests/config``."""
    session.run("pytest", *session.posargs)


@nox.session
def fix(session: nox.Session) -> None:
    """Mend what tools can mend: rules and layout of Python code."""
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")
