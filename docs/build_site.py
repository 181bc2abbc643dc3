"""Build the documentation as a site: ``python docs/build_site.py`` writes build/docs/site.

Needs ``pip install -e ".[docs]"``; the pages need no server. The exit code is 1 where a link or an anchor
leads nowhere, a public name is not described, a document is not in the navigation, or a page would load
something from another host.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import sitebuild
from sitebuild.assemble import assemble
from sitebuild.formulas import with_formulas
from sitebuild.html_check import problems_of
from sitebuild.pictures import with_links

BUILD = Path(__file__).parents[1] / "build" / "docs"
_SHIM = re.compile(r'(<script src=")https://unpkg\.com/iframe-worker/shim"')
"""What Zensical loads from another host for the search of pages that are opened as files."""


def main() -> int:
    """Build, check and return the exit code."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    config = assemble(BUILD)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)]
    if (code := subprocess.run(command, check=False).returncode) != 0:
        return code
    site = BUILD / "site"
    # Zensical's own begins its links at the root of a host, which a site in a folder does not have.
    shutil.copyfile(Path(sitebuild.__file__).with_name("not_found.html"), site / "404.html")
    for page in site.rglob("*.html"):
        root = "../" * (len(page.relative_to(site).parts) - 1)
        text = _SHIM.sub(rf'\1{root}assets/worker.js"', page.read_text(encoding="utf-8"))
        page.write_text(with_links(with_formulas(text)), encoding="utf-8")
    problems = list(problems_of(site))
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(list(site.rglob('*.html')))} pages in {site}, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
