"""The executor ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import AlsegError, ExecutorSpec, hookimpl

from .executor import NewnameExecutor


def build_newname(*, address: str | None) -> NewnameExecutor:
    """Return an executor; nothing is started.

    Args:
        address: How many units are done at a time: what follows the colon, such as ``2`` of
            ``newname:2``. None without a colon, which is 1.

    Raises:
        AlsegError: If the address is no number of processes.
    """
    text = "1" if address is None else address
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 1024):
        raise AlsegError(
            f"Executor 'newname' needs a number of processes from 1 to 1024, got {text!r}. "
            "Write it after a colon, such as in newname:2."
        )
    return NewnameExecutor(int(text))


ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_executors() -> list[ExecutorSpec]:
    """Offer ``newname``."""
    return [
        ExecutorSpec(
            name="newname",
            summary="Processes of this machine: newname:2.",
            source="A template of alseg; name your cluster or scheduler.",
            build=build_newname,
        )
    ]
