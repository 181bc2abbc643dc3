"""What a user's mistake looks like: one exception type with everything needed to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AlsegError(Exception):
    """A mistake in the user's input or environment.

    The message says what was wrong, where, and what to do. The command line prints it without a traceback and
    exits with code 2. A caller's bug is a ``ValueError`` or ``TypeError`` instead.
    """


class DataError(AlsegError):
    """A data set that is missing, incomplete or damaged; the message names file or folder and remedy.

    The message is all three parts. Kept apart, so that a remedy of many files can be told once.

    Args:
        problem: What is wrong, with the file or folder. May be the whole message.
        remedy: What to do about it, in sentences.
        alternative: What else would do, such as leaving the image out.
    """

    def __init__(self, problem: str, remedy: str = "", alternative: str = "") -> None:
        super().__init__(" ".join(filter(None, (problem, remedy, alternative))))
        self.problem, self.remedy, self.alternative = problem, remedy, alternative


class DamageError(AlsegError):
    """A file that is missing, not as it was written, or not what it should be: it must be made again."""


class AnswerFileError(AlsegError):
    """A file of answers that cannot be used: file, place and remedy are named, and nothing of it is taken."""


class UnreadableError(AlsegError):
    """A file that the system does not let this process read now; it may be whole, so it is no damage.

    It is no `DamageError`: whoever handles damage, by setting a file aside, leaves this one where it is.
    """


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like ``name``, or None where none is similar."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """Say that a name is unknown, which one is nearest and which are available.

    Args:
        kind: What the name should have been, such as ``acquisition``.
        name: The name given.
        known: All names that would have been right, in any order.

    Returns:
        One line, such as ``Unknown acquisition 'rippu'. Did you mean 'ripu'? Available: entropy, ripu.``
    """
    names = sorted(known)
    guess = nearest(name, names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"Unknown {kind} '{name}'.{hint} Available: {', '.join(names) or 'none'}."


def one_line(error: BaseException) -> str:
    """Return type and message of an exception in one line, whatever a plugin has put into it."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""  # an exception that cannot even be printed
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
