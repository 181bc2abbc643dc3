"""``python -m recorded_unit`` writes what a unit's process is given, saves at SIGTERM, ends when told to."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType


def main() -> None:
    """Be the process."""
    unit = json.loads(sys.stdin.readline())
    folder = Path(unit["experiment"]).parent

    def save(_: int, __: FrameType | None) -> None:
        (folder / f"{unit['key']}.saved").touch()
        sys.exit(143)

    signal.signal(signal.SIGTERM, save)
    threading.Thread(target=_stop_with_input, daemon=True).start()
    content = {
        "copied": "colorsys" in sys.modules,  # which nobody imports but a server that is told to
        "session": os.getsid(0) == os.getpid(),
        "variable": os.environ.get("ALSEG_TEST_VARIABLE"),
        "arguments": sys.argv[1:],
        "pid": os.getpid(),
    }
    (folder / f"{unit['key']}.tmp").write_text(json.dumps(content))
    (folder / f"{unit['key']}.tmp").rename(folder / f"{unit['key']}.json")
    print("began", flush=True)
    while not (folder / f"{unit['key']}.end").exists():
        time.sleep(0.01)
    sys.exit(7)


def _stop_with_input() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
