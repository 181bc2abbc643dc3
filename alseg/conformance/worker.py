"""The process that checks: reads a request from standard input, prints events as lines of JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from alseg.conformance.request import Request
from alseg.conformance.run import Event, events_of
from alseg.errors import AlsegError
from alseg.system import threads


def main() -> None:
    """Check what standard input asks for."""
    asked = json.load(sys.stdin)
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # a module of the working folder may be what is checked; it shadows no other
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what plugins and libraries print is no event

        def tell(event: Event) -> None:
            print(json.dumps(event), file=answers, flush=True)

        threads.prepare()
        try:
            start = (asked["start"][0], asked["start"][1])
            for event in events_of(Request.from_json(asked["request"]), start):
                tell(event)
        except AlsegError as error:
            tell({"event": "refused", "message": str(error)})


if __name__ == "__main__":
    main()
