"""The experiment files that come with alseg, each as a page."""

from __future__ import annotations

from pathlib import PurePosixPath

from sitebuild.pages import REPOSITORY, Page, index_page
from sitebuild.repository import Documents

FOLDER = "repository/experiments/"


def experiment_pages(documents: Documents) -> list[Page]:
    """Return a list of the experiment files and the page of each, which documents link to as well."""
    rows: list[tuple[Page, str]] = []
    for file in sorted((REPOSITORY / "experiments").glob("*.yaml")):
        place = documents.add(file)
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        about = first.removeprefix("#").strip() if first.startswith("#") else ""
        rows.append((Page(PurePosixPath(place), file.name, documents.texts[place]), about))
    introduction = (
        "`alseg run experiments/NAME.yaml` runs one. [Experiment files](../../experiments.md) explains "
        "every key."
    )
    return [
        index_page(FOLDER, "Experiments that come with alseg", introduction, rows),
        *(page for page, _ in rows),
    ]
