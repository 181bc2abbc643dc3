"""Files of the repository as pages: links between them work in the repository and on the site alike.

Documents of docs/ keep their paths. A file outside of it that a page links to becomes a page of its own,
below ``repository/``: a document as it is, a text as a block of code, a folder as a list of its files.
Anything else is copied.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from sitebuild.pages import REPOSITORY, slug

LANGUAGES = {
    ".yaml": "yaml",
    ".toml": "toml",
    ".py": "python",
    ".sh": "bash",
    ".json": "json",
    ".cff": "yaml",
}
TEXTS = {*LANGUAGES, ".txt", ".csv", ".bib", ".tex", ""}
LONGEST_TEXT = 60_000
"""Bytes of a text that is shown; longer ones are copied."""

_LINK = re.compile(
    r"(?P<start>(?:\[(?P<label>[\w./-]+\.md))?\]\()(?P<target>(?![a-z]+:|#|/)[^)\s#]+)(?P<anchor>#[^)\s]*)?(?=[)\s])"
)
_EXPERIMENT = re.compile(r"`(?P<file>experiments/[\w-]+\.yaml)`")
_HEADING = re.compile(r"^#+ (?P<title>.*)$", re.MULTILINE)
_FENCE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ \t]*$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`\n]+`")
_INCLUDED = re.compile(r"^<!-- section (?P<heading>.+) of (?P<file>\S+) -->$", re.MULTILINE)


class BrokenLinkError(Exception):
    """A document links to a file that is not there."""


class Documents:
    """Documents of the repository on their way to the site.

    Args:
        repository: Its folder.
        names: What is described on the site, such as a public class, to ``page#anchor`` there.

    Attributes:
        texts: Path on the site to Markdown.
        copies: Path on the site to the file that is copied there.
    """

    def __init__(
        self, repository: Path = REPOSITORY, names: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.repository = repository
        self._names = names
        self.texts: dict[PurePosixPath, str] = {}
        self.copies: dict[PurePosixPath, Path] = {}

    def add(self, file: Path) -> PurePosixPath:
        """Add a file or folder, and all that it links to; return its path on the site."""
        place = self._place(file)
        if place in self.texts or place in self.copies:
            return place
        if file.suffix == ".md":
            self.texts[place] = ""  # documents may link to each other
            self.texts[place] = self._linked(self._with_sections(file), file.parent, place)
        elif file.is_dir():
            self.texts[place] = ""
            self.texts[place] = self._listing(file)
        elif place.suffix == ".md":
            self.texts[place] = self._as_code(file)
        else:
            self.copies[place] = file
        return place

    def _place(self, file: Path) -> PurePosixPath:
        relative = PurePosixPath(file.relative_to(self.repository).as_posix())
        if relative.parts[0] == "docs":
            return PurePosixPath(*relative.parts[1:])
        if file.is_dir():
            return "repository" / relative / ("README.md" if (file / "README.md").exists() else "index.md")
        if file.suffix in TEXTS and file.stat().st_size <= LONGEST_TEXT:
            return "repository" / relative.with_name(f"{relative.name}.md")
        return "repository" / relative

    def _linked(self, text: str, folder: Path, place: PurePosixPath) -> str:
        """Return a document with links to where files are on the site, to experiments that code names too.

        Where the text of a link is the name of a document, the site has its title. Code that names something
        that has a place on the site becomes a link to it.
        """

        def link(found: re.Match[str]) -> str:
            file = Path(os.path.normpath(folder / found["target"]))
            if not file.exists():
                raise BrokenLinkError(f"{place}: link to {found['target']}, which does not exist")
            if file.is_dir() and (file / "README.md").exists():
                file /= "README.md"
            target = os.path.relpath(self.add(file), place.parent)
            start = f"[{_title(file, found['anchor'])}](" if found["label"] else found["start"]
            return f"{start}{target}{found['anchor'] or ''}"

        parts: list[str] = []
        for is_code, part in _split_at_code(_tables(text)):
            if not is_code:
                parts.append(_LINK.sub(link, part))
            elif (found := self._described_at(part, "".join(parts).rpartition("\n")[2])) is not None:
                parts.append(f"[{part}]({os.path.relpath(found, place.parent)})")
            else:
                parts.append(part)
        return "".join(parts)

    def _described_at(self, code: str, line: str) -> str | None:
        """Return the place on the site of what code names, or None; in links and headings always None.

        Args:
            code: With its backticks.
            line: What stands before it in its line.
        """
        if line.rfind("[") > line.rfind("]") or line.startswith("#"):
            return None
        experiment = _EXPERIMENT.fullmatch(code)
        if experiment and (self.repository / experiment["file"]).exists():
            return str(self.add(self.repository / experiment["file"]))
        name = code.strip("`")
        is_command = name == "alseg" and line != "| "  # alone in a cell it is the package
        return None if is_command else self._names.get(name)

    def _with_sections(self, file: Path) -> str:
        """Return a document with the sections that comments name.

        Such a comment is ``<!-- section Quickstart of README.md -->``. A link to such a section, which
        readers of the repository need, becomes one within the page.
        """
        document = file.read_text(encoding="utf-8")

        def section(found: re.Match[str]) -> str:
            source = self.repository / found["file"]
            text = source.read_text(encoding="utf-8")
            heading = rf"^## {re.escape(found['heading'])}\n.*?(?=^## |\Z)"
            taken = re.search(heading, text, re.DOTALL | re.MULTILINE)
            if taken is None:
                raise BrokenLinkError(f"{file.name}: {found['file']} has no section '{found['heading']}'")

            def moved(link: re.Match[str]) -> str:
                target = os.path.relpath(source.parent / link["target"], file.parent)
                return f"{link['start']}{target}{link['anchor'] or ''}"

            return "".join(
                part if is_code else _LINK.sub(moved, part) for is_code, part in _split_at_code(taken[0])
            ).rstrip()

        for found in _INCLUDED.finditer(document):
            target = os.path.relpath(self.repository / found["file"], file.parent)
            anchor = slug(found["heading"])
            document = document.replace(f"]({target}#{anchor})", f"](#{anchor})")
        return _INCLUDED.sub(section, document)

    def _as_code(self, file: Path) -> str:
        """Return a text as a page with one block of code."""
        name = file.relative_to(self.repository).as_posix()
        text = file.read_text(encoding="utf-8").rstrip()
        fence = "````" if "```" in text else "```"
        language = LANGUAGES.get(file.suffix, "text")
        return f"# {file.name}\n\n`{name}` in the repository.\n\n{fence}{language}\n{text}\n{fence}\n"

    def _listing(self, folder: Path) -> str:
        """Return a page that lists the files of a folder, those of its folders too."""
        place = self._place(folder)
        lines = [f"# {folder.relative_to(self.repository).as_posix()}", ""]
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            if not any(part.startswith((".", "__")) for part in file.relative_to(folder).parts):
                target = os.path.relpath(self.add(file), place.parent)
                lines.append(f"- [{file.relative_to(folder).as_posix()}]({target})")
        return "\n".join(lines) + "\n"


def _title(document: Path, anchor: str | None) -> str:
    """Return the title of a document, or of the section that an anchor names."""
    titles = [found["title"] for found in _HEADING.finditer(document.read_text(encoding="utf-8"))]
    named = [title for title in titles if anchor == f"#{slug(title)}"]
    return [*named, *titles, document.name][0]


def _split_at_code(text: str) -> Iterator[tuple[bool, str]]:
    """Yield a document in parts, and of each whether it is code."""
    for in_fence, block in _split(_FENCE, text):
        if in_fence:
            yield True, block
        else:
            yield from _split(_CODE, block)


def _split(pattern: re.Pattern[str], text: str) -> Iterator[tuple[bool, str]]:
    begin = 0
    for found in pattern.finditer(text):
        yield False, text[begin : found.start()]
        yield True, found[0]
        begin = found.end()
    yield False, text[begin:]


def _tables(text: str) -> str:
    """Return a document whose code in tables has bars as Python-Markdown reads them, without a backslash."""
    return "\n".join(
        _CODE.sub(lambda found: found[0].replace("\\|", "|"), line) if line.startswith("|") else line
        for line in text.split("\n")
    )
