"""What importing a plugin costs every command, measured in a process that has loaded nothing else."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from alseg.conformance.step import Passed
from alseg.conformance.subjects import Subject
from alseg.registry.loading import installed_plugins, load_alone
from alseg.system.python import python_module

MOST_SECONDS = 1.0
"""Of the processor, that import and hooks of a plugin may take: every command waits for them."""


def check_import_cost(subject: Subject, seconds: float) -> Mapping[str, Passed]:
    """Check that importing a plugin and asking its hooks is fast, and loads no torch.

    Args:
        subject: The plugin.
        seconds: Wall time that it may take.

    Raises:
        AssertionError: If it is not, or does.
    """
    value = subject.module or next(point.value for info, point in installed_plugins() if info == subject.info)
    asked = json.dumps({"value": value, "path": sys.path})
    command = python_module("alseg.conformance.imports")
    try:
        done = subprocess.run(
            command,
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AssertionError(f"Importing it has not ended after {seconds:g} s.") from None
    assert done.returncode == 0, f"Importing it alone ends the process with exit code {done.returncode}."
    found = json.loads(done.stdout.splitlines()[-1])
    took = found["seconds"]
    assert not found["torch"], f"Importing it, or a hook, imports torch ({took:.1f} s)."
    assert took <= MOST_SECONDS, f"Import and hooks take {took:.1f} s; every command waits for them."
    return {"import-cost": Passed(f"{1000 * took:.0f} ms, without torch", {"seconds": took})}


def measure(value: str) -> dict[str, Any]:
    """Return what loading a plugin costs this process.

    Args:
        value: Of its entry point, such as ``alseg_rare`` or ``alseg_rare:plugin``.

    Returns:
        ``seconds`` of the processor, and whether ``torch`` was loaded.
    """
    module, _, attribute = value.partition(":")

    def load() -> Any:
        loaded = importlib.import_module(module.strip())
        for name in filter(None, attribute.strip().split(".")):
            loaded = getattr(loaded, name)
        return loaded

    before = "torch" in sys.modules
    started = time.process_time()
    load_alone(load)
    return {"seconds": time.process_time() - started, "torch": not before and "torch" in sys.modules}


def main() -> None:
    """Measure what standard input asks for, and print it in the last line of standard output."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)  # what the plugin prints is no answer
        asked = json.load(sys.stdin)
        sys.path[:] = asked["path"]
        print(json.dumps(measure(asked["value"])), file=answers)


if __name__ == "__main__":
    main()
