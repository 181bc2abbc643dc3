"""Do what a tutorial says: write its files, run its commands, compare what it prints.

In order, each fenced block of a document is one of

- a file, where the line above names it and ends with a colon: ``Put this into `alseg_confusion.py`:``;
- commands, in ``bash``; a comment ``# exit code N`` says how a command ends that does not end well;
- ``yaml`` without a file: a part of an experiment, valid in one of those that come with alseg;
- ``text``: lines that the commands above it print, in this order; ``...`` stands for any lines between them;
- an illustration, without a language.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.config.experiment import ExperimentError, read_experiment
from alseg.registry.loading import load_registry
from documents import REPOSITORY
from install import install_metadata

_BLOCK = re.compile(
    r"(?P<above>[^\n]*)\n\n?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_FILE = re.compile(r".*`(?P<name>[\w./-]+\.\w+)`[^`]*:$")
_EXIT_CODE = re.compile(r"#.*\bexit code (\d+)")
WHOLE = ("quickstart.yaml", "answers.yaml")
"""Experiments into which a part of one is put, to be checked."""

_SHELL = {"cp", "mkdir", "rm"}
"""Commands that bash does."""


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: Empty for an illustration.
        text: Ends with a line break.
        name: Of the file that it is, or None.
    """

    language: str
    text: str
    name: str | None


def blocks_in_order(document: Path) -> list[Block]:
    """Return the fenced blocks of a document."""
    found = []
    for match in _BLOCK.finditer(document.read_text(encoding="utf-8")):
        named = _FILE.match(match["above"])
        found.append(Block(match["language"], match["text"], named["name"] if named else None))
    return found


@dataclass
class Walkthrough:
    """A reader in a folder, who does everything in small.

    Attributes:
        folder: The working folder, empty at first.
        monkeypatch: Of the test; at its end, modules and paths are what they were.
        overrides: Options that the reader adds to commands that begin with a text such as ``alseg run``.
        before: Called with the text of a command before it is run; for what a document leaves to people.
        printed: What the latest block of commands has printed.
        validated: Parts of experiments that were checked.
    """

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    overrides: Mapping[str, Sequence[str]] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _: None
    printed: str = ""
    validated: int = 0

    def __post_init__(self) -> None:
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setenv("COLUMNS", "100")

    def follow(self, document: Path) -> int:
        """Do all that a document says.

        Returns:
            The number of commands.
        """
        count = 0
        for block in blocks_in_order(document):
            if block.name is not None:
                self.write(block.name, block.text)
            elif block.language == "bash":
                count += self.perform(block.text)
            elif block.language == "text":
                self.expect(block.text)
            elif block.language == "yaml":
                self.validate(block.text)
            else:
                assert not block.language, f"{document.name} has a block of {block.language} without a file"
        return count

    def write(self, name: str, text: str) -> None:
        """Write a file of the document."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if name.partition("/")[0] in self._installed:
            self._install()  # it is editable

    def perform(self, script: str) -> int:
        """Run commands, one a line, and return their number."""
        self.printed = ""
        lines = [line for line in script.replace("\\\n", " ").splitlines() if line.split("#")[0].strip()]
        for line in lines:
            self.before(line)
            code = _EXIT_CODE.search(line)
            self._perform(line, shlex.split(line, comments=True), int(code[1]) if code else 0)
        return len(lines)

    def validate(self, text: str) -> None:
        """Check a part of an experiment file: put into one of the whole ones, it makes a valid file."""
        mistakes, part = [], yaml.safe_load(text)
        for whole in WHOLE:
            document = yaml.safe_load((REPOSITORY / "experiments" / whole).read_text(encoding="utf-8"))
            if "methods" in part:
                del document["comparisons"]  # of methods that are gone
            file = self.folder / "part-of-test.yaml"
            file.write_text(yaml.safe_dump({**document, **part}, sort_keys=False))
            try:
                read_experiment(file, registry=load_registry())
            except ExperimentError as error:
                mistakes.append(f"{whole}: {error}")
        assert len(mistakes) < len(WHOLE), "\n".join([text, *mistakes])
        self.validated += 1

    def expect(self, text: str) -> None:
        """Check that lines were printed, in this order."""
        printed, start = [line.rstrip() for line in self.printed.splitlines()], 0
        for part in re.split(r"^\.\.\.$", text, flags=re.MULTILINE):
            lines = [line.rstrip() for line in part.strip("\n").splitlines()]
            places = range(start, len(printed) - len(lines) + 1)
            place = next((each for each in places if printed[each : each + len(lines)] == lines), None)
            assert place is not None, f"not printed, or not at this place:\n{part}\nprinted:\n{self.printed}"
            start = place + len(lines)

    def _perform(self, line: str, words: list[str], code: int) -> None:
        if words[0] == "alseg":
            extra = [
                option
                for start, options in self.overrides.items()
                if words[: len(start.split())] == start.split()
                for option in options
            ]
            result = CliRunner().invoke(main, [*self._globbed(words[1:]), *extra])
            assert result.exit_code == code, f"{line}\n{result.output}"
            self.printed += result.output
        elif words[:3] == ["pip", "install", "-e"]:
            self._install()
        elif words[0] == "cd":
            self.folder = self.folder / words[1]
            self.monkeypatch.chdir(self.folder)
        elif words == ["pytest"]:
            self._test()
        elif words[0] == "python":
            self._run_script(words[1], words[2:])
        else:
            assert words[0] in _SHELL or line.startswith("pip wheel"), f"the test cannot do: {line}"
            offline = " --no-index --no-build-isolation --quiet" if words[0] == "pip" else ""
            python = f"{shlex.quote(sys.executable)} -m " if words[0] == "pip" else ""
            subprocess.run(["bash", "-c", python + line + offline], check=True, timeout=300)

    def _globbed(self, words: Sequence[str]) -> list[str]:
        """Return words with patterns of files replaced by the files, as a shell does."""
        found: list[str] = []
        for word in words:
            is_pattern = "*" in word and "=" not in word
            found += sorted(map(str, Path().glob(word))) if is_pattern else [word]
        return found

    @property
    def _installed(self) -> list[str]:
        """Files and folders of code that are installed, by name."""
        return [
            path.name for path in (self.folder / "site-of-test").glob("alseg_*") if path.suffix in ("", ".py")
        ]

    def _install(self) -> None:
        """Make the distribution in the working folder one that alseg finds, in processes of this one too."""
        parts = sorted(self.folder.glob("alseg_*.py")) or sorted(self.folder.glob("alseg_*/"))
        site = self.folder / "site-of-test"
        shutil.rmtree(site, ignore_errors=True)
        install_metadata(self.folder / "pyproject.toml", parts[0].stem, site)
        for part in parts:
            (shutil.copytree if part.is_dir() else shutil.copy)(part, site / part.name)
            loaded = [name for name in sys.modules if name.partition(".")[0] == part.stem]
            for module in {part.stem, *loaded}:
                self.monkeypatch.delitem(sys.modules, module, raising=False)
                # What is set and deleted here is deleted again at the end of the test.
                self.monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
                del sys.modules[module]
        if str(site) not in sys.path:
            self.monkeypatch.syspath_prepend(site)
            self.monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
        importlib.invalidate_caches()

    def _test(self) -> None:
        """Run the tests in the working folder, in a process of their own."""
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
        completed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert completed.returncode == 0, completed.stdout

    def _run_script(self, script: str, arguments: Sequence[str]) -> None:
        printed = io.StringIO()
        with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(printed):
            patched.setattr(sys, "argv", [script, *arguments])
            runpy.run_path(script, run_name="__main__")
        self.printed += printed.getvalue()
