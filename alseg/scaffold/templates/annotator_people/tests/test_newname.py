from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from alseg.contracts import AnnotatorSpec, QuestionSheet
from alseg.testing import check_annotator, check_spec
from numpy.typing import NDArray

from alseg_newname import register_annotators


def fill(folder: Path, sheet: QuestionSheet, labels: Mapping[str, NDArray[np.uint8]]) -> Path:
    """Fill in the table as people would who know the label maps."""
    path = folder / "questions.csv"
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    for row in rows:
        index = labels[row[1]][int(row[2]), int(row[3])]
        row[4] = sheet.label_space.names[index]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.mark.parametrize("spec", register_annotators(), ids=lambda spec: spec.name)
def test_the_annotator_keeps_its_contract(spec: AnnotatorSpec) -> None:
    check_spec(spec)
    check_annotator(spec, fill=fill)
