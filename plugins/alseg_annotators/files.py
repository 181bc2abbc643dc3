"""Plain files for any tool: PNG masks where every pixel gets a class, a CSV for everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg import AnswerFileError
from alseg.contracts import GivenAnswer, QuestionSheet
from alseg_annotators.files_masks import read_masks, write_masks
from alseg_annotators.files_table import read_table, write_classes, write_table

_GUIDE = {
    "pixels": """Give every asked pixel its class.

masks/ holds one picture for each image: one channel, where 254 marks the pixels that are asked about and 255
all others. Replace each 254 by the index of a class in classes.csv, or by 255 for void; what you write where
nothing is asked is not read. You may as well save the classes in their colours.
images/ holds the photographs and pictures/ shows where the questions are.

Then: alseg answer RESULTS masks
""",
    "other": """Fill in the column 'answer' of questions.csv.

{what}
Classes are named as in classes.csv, or by their index; 'void' is what belongs to no class. Leave a cell
empty where you do not answer. 'who', 'when' (such as 2026-03-01T12:00:00+01:00) and 'seconds' may stay empty.
questions/ holds a picture of each question, named by its number: outlined, enlarged, and lightened if
dark, with the whole photograph beside it. images/ holds the photographs, and pictures/ shows all questions of
each.

Then: alseg answer RESULTS questions.csv
""",
}
_WHAT = {
    "dominant": "Name the class of most of the question's pixels.",
    "correction": "Write 'yes' where most pixels have the proposed class, else the class of most of them.",
    "classes": "Name every class in the question, with a bar between them: road|car.",
}


@dataclass(frozen=True)
class Files:
    """Writes questions as plain files and reads them back."""

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        """Write photographs, a table of classes, and masks or a table of questions."""
        write_classes(sheet.label_space, folder / "classes.csv")
        if sheet.kind == "pixels":
            guide = _GUIDE["pixels"]
            first = write_masks(sheet, folder)
        else:
            guide = _GUIDE["other"].format(what=_WHAT[sheet.kind])
            first = write_table(sheet, folder)
        readme = folder / "README.txt"
        readme.write_text(guide, encoding="utf-8")
        return [readme, first]

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        """Read masks or a table, or a folder of either.

        Raises:
            AnswerFileError: If it is neither, or says what cannot be.
        """
        if sheet.kind == "pixels":
            yield from read_masks(path, sheet)
            return
        file = path / "questions.csv" if path.is_dir() else path
        if not file.is_file():
            raise AnswerFileError(
                f"{path} is no table of answers: there is no file {file.name}. Name the questions.csv that "
                "'alseg ask' wrote, filled in."
            )
        yield from read_table(file, sheet)
