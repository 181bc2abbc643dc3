"""Whether code that decides looks for labels elsewhere: in files, on the network, in other objects.

Views hold no label that nobody has paid for, so that only these ways are left. Python's audit hooks see them;
files that native code opens they do not.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_OBJECTS = ("gc.get_objects", "gc.get_referrers")
_ELSEWHERE = {
    "socket.connect": "connects to {}",
    "subprocess.Popen": "starts {}",
    "os.system": "starts {}",
    "os.listdir": "lists {}",
    "os.scandir": "lists {}",
}
_CODE = (".py", ".pyc", ".pyd", ".so", ".pth", ".zip", ".dll")
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr/share", "/usr/lib")

_OF_THE_MACHINE = ("/sbin/ldconfig", "lscpu")
"""What ``ctypes.util.find_library`` starts to look for a library, and joblib to count cores."""

_seen: list[str] | None = None
_installed = False


@contextmanager
def watching_reads(own: Path | None) -> Iterator[list[str]]:
    """Collect what code of this process looks for meanwhile, such as ``opens labels/0.png``.

    Args:
        own: Folder of the plugin, whose files it may read; None if it has none of its own.
    """
    global _installed, _seen, _allowed
    if not _installed:
        sys.addaudithook(_hear)  # it cannot be removed, so there is one
        _installed = True
    _allowed = _folders(own)
    found: list[str] = []
    _seen = found
    try:
        yield found
    finally:
        _seen = None


def check_reads(work: Callable[[], object], own: Path | None) -> None:
    """Do some work that must read nothing but what it was given.

    Raises:
        AssertionError: Names the first thing that it looks for.
    """
    with watching_reads(own) as found:
        work()
    assert not found, f"It {found[0]} while it decides, though all that it may know is given to it."


_INSTALLED = ("site-packages", "dist-packages")

_allowed: tuple[str, ...] = ()


def _folders(own: Path | None) -> tuple[str, ...]:
    """Return folders of code and of the system, in which there are no labels."""
    folders = {
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        *_SYSTEM,
        *(folder for folder in sys.path if Path(folder).name in _INSTALLED),  # of layered environments, too
    }
    if own is not None:
        folders.add(str(own))
    folders.add(str(Path(__file__).parents[1]))
    return tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in folders)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is None:
        return
    if event in _OBJECTS:
        _seen.append("searches all objects of the process (gc)")
    elif event == "open":
        path, mode = arguments[0], arguments[1]
        if isinstance(path, str | bytes) and (mode is None or "r" in str(mode)) and _is_foreign(path):
            _seen.append(f"opens {os.fsdecode(path)}")
    elif event in _ELSEWHERE:
        told = arguments[1] if event == "socket.connect" else arguments[0]
        if event == "subprocess.Popen" and told in _OF_THE_MACHINE:
            return
        if not event.startswith("os.") or (isinstance(told, str | bytes) and _is_foreign(told)):
            _seen.append(_ELSEWHERE[event].format(told))


def _is_foreign(path: str | bytes) -> bool:
    """Return whether a path is neither code nor the system's."""
    text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - no links are followed, nor a file looked at
    return not text.endswith(_CODE) and not f"{text}{os.sep}".startswith(_allowed)
