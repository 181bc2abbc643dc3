"""``python -m answering_unit ... --in-turn DESCRIPTOR``: does units in turn; a bad one ends it with 5."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Be the process."""
    for line in sys.stdin:
        unit = json.loads(line)
        file = Path(unit["experiment"]).parent / f"{unit['key']}.json"
        file.with_suffix(".tmp").write_text(json.dumps({"pid": os.getpid(), "option": sys.argv[-2]}))
        file.with_suffix(".tmp").rename(file)
        if unit["key"] == "bad":
            sys.exit(5)
        os.write(int(sys.argv[-1]), b"\n")


if __name__ == "__main__":
    main()
