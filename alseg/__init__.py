"""alseg: the open benchmark suite for active learning in domain-adaptive semantic segmentation."""

from __future__ import annotations

from alseg.contracts import (
    IGNORE_INDEX,
    AcquisitionSpec,
    AnnotationModeSpec,
    ClassInfo,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PublishedResult,
    RecipeSpec,
)
from alseg.errors import AlsegError, AnswerFileError, DataError, unknown_name
from alseg.hookspecs import hookimpl

__all__ = [
    "IGNORE_INDEX",
    "AcquisitionSpec",
    "AlsegError",
    "AnnotationModeSpec",
    "AnswerFileError",
    "ClassInfo",
    "DataError",
    "DatasetSpec",
    "ExecutorSpec",
    "LabelSpace",
    "ModelSpec",
    "ObserverSpec",
    "PublishedResult",
    "RecipeSpec",
    "hookimpl",
    "unknown_name",
]
