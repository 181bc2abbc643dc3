"""The pages of acquisitions, which are in docs/methods, in the navigation."""

from __future__ import annotations

from pathlib import PurePosixPath

from sitebuild.pages import REPOSITORY, Page
from sitebuild.repository import Documents

FOLDER = "methods/"


def method_pages(documents: Documents) -> list[Page]:
    """Return the overview of the acquisitions and the page of each."""
    folder = REPOSITORY / "docs" / "methods"
    files = [
        folder / "README.md",
        *(file for file in sorted(folder.glob("*.md")) if file.name != "README.md"),
    ]
    places = [documents.add(file) for file in files]
    return [Page(PurePosixPath(place), place.stem, documents.texts[place]) for place in places]
