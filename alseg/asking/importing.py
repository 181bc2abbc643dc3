"""Importing answers: checked whole, then kept in the run's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.asking.agreement import Agreement, agreement_of
from alseg.asking.checking import AnswerChecker
from alseg.asking.waiting_run import WaitingRun
from alseg.engine.waiting import waiting_text
from alseg.errors import AlsegError, AnswerFileError
from alseg.files import content_hash, sha256_of
from alseg.guard.calls import guarded
from alseg.storage.answers import AnswerImport, KeptAnswer, read_answers
from alseg.storage.attempts import now
from alseg.storage.run_folder import RunFolder


@dataclass(frozen=True)
class Imported:
    """What an import has changed.

    Attributes:
        taken: Answers in the files.
        answered: Questions of the round that are answered now.
        total: Questions of the round.
        used: Answers that the round buys now; None where the run still waits.
        agreement: Of people who have answered the same questions; None where there is none.
    """

    taken: int
    answered: int
    total: int
    used: int | None
    agreement: Agreement | None


def import_answers(run: WaitingRun, files: Sequence[Path], *, who: str, goes_on: bool) -> Imported:
    """Check files of answers and keep them, all or none.

    Args:
        run: The run.
        files: What people give back.
        who: Name of the person, where a file does not say it.
        goes_on: Whether the round goes on with what there is then.

    Raises:
        AnswerFileError: If a file cannot be used; nothing is kept.
        BusyError: If a process is doing the run.
        AlsegError: If the run does not wait any more.
    """
    folder = RunFolder(run.folder)
    with folder.writing():
        if folder.purchase_is_committed(run.round):
            raise AlsegError(f"{run.folder.name} does not wait for people any more. Nothing was taken.")
        checker = AnswerChecker(run.sheet, who)
        answers: list[KeptAnswer] = []
        for path in files:
            answers += _read(run, path, checker)
        if not answers:
            raise AnswerFileError(f"{', '.join(map(str, files))} answers no question. Nothing was taken.")
        kept = AnswerImport(
            answers, tuple(path.name for path in files), tuple(map(_hash_of, files)), now(), goes_on
        )
        path = kept.write(run.round_folder)
        run.forget()
        found = run.answered
        used = run.used()
        folder.append_log(
            f"round {run.round}: {len(answers)} answers from {', '.join(kept.sources)} in {path.name}"
        )
        reason = waiting_text(run.round, found.count, found.total)
        if used is not None:
            reason = f"round {run.round} is answered: 'alseg run' goes on"
        folder.write_status("waiting", round_number=folder.last_round, reason=reason)
        agreement = agreement_of(read_answers(run.round_folder), run.kind)
    return Imported(len(answers), found.count, found.total, used, agreement)


def _read(run: WaitingRun, path: Path, checker: AnswerChecker) -> list[KeptAnswer]:
    if not path.exists():
        raise AnswerFileError(f"{path} does not exist. Name a file, or a folder, of answers.")
    with guarded(run.annotator, f"read of {path.name}"):
        try:
            return checker.check(path, iter(run.annotator.read(path, run.sheet)))
        except (AlsegError, KeyboardInterrupt):
            raise
        except OSError as error:
            raise AnswerFileError(
                f"{path} cannot be read: {error.strerror or error}. Nothing was taken."
            ) from error


def _hash_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of a folder's files."""
    if path.is_file():
        return sha256_of(path)
    inside = sorted(each for each in path.rglob("*") if each.is_file())
    return content_hash({str(each.relative_to(path)): sha256_of(each) for each in inside})
