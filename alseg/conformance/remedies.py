"""What to do about a check that failed."""

from __future__ import annotations

from collections.abc import Mapping

from alseg.guard.timeouts import TimedOut

_REMEDIES: Mapping[str, str] = {
    "import": "Mend it; 'alseg plugins' shows when it loads.",
    "import-cost": "Import what is heavy inside of build, or through alseg.toolkit, which loads lazily.",
    "description": "Give summary and source a line each, and build a docstring.",
    "parameters": "State both bounds in the type, and describe the parameter under Args or Attributes.",
    "pickling": "Make build a function or class at the top of a module.",
    "contract": "Make it answer as docs/plugins.md says for its kind.",
    "determinism": "Draw from the generator that is given, and from nothing else.",
    "independence": "Keep nothing from one call to the next, and compute each image on its own.",
    "inputs": "Work on copies: what is given belongs to the caller, and what was returned too.",
    "needs": "Name in 'needs' all that is read.",
    "labels": "Use what the call is given and nothing else; read files of its own in build.",
    "copies": "Keep paths and numbers in the object, no open files, and no state of the process.",
    "cost": "Make it run on images of 256 x 512 pixels.",
    "process": "Change nothing of the process: what must differ for a moment is passed as an argument.",
}


def remedy_for(check: str, error: BaseException | None = None) -> str:
    """Return what to do about a check that failed.

    Args:
        check: Its name.
        error: What was raised.
    """
    if isinstance(error, TimedOut):
        return "Make it faster, or allow more time: --timeout SECONDS."
    if isinstance(error, SystemExit):
        return "Raise an exception instead."
    return _REMEDIES.get(check, "Mend the plugin.")
