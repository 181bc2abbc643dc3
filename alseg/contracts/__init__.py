"""Everything that crosses a plugin boundary: specs, protocols and records.

Importing this module never imports torch: plugins are listed, and experiment files checked, without it.

Terms: an *image* is uint8 RGB ``(H, W, 3)``. A *label map* is uint8 ``(H, W)`` with the class index of its
label space, or `IGNORE_INDEX` for void. A *size* is ``(height, width)`` in pixels. A *pick* is the pixel
``(y, x)`` at which a question is asked.
"""

from __future__ import annotations

from annotated_types import Interval

from alseg.contracts.acquisition import (
    AnnotationMode,
    Answers,
    Picks,
    PoolView,
    ScoreAcquisition,
    SelectAcquisition,
    TargetView,
)
from alseg.contracts.bounds import (
    BatchSize,
    ColorStrength,
    Distance,
    Iterations,
    LearningRate,
    Momentum,
    Power,
    Radius,
    Seed,
    Share,
    Side,
    SomeShare,
    Tolerance,
    Weight,
    WeightDecay,
    Zoom,
)
from alseg.contracts.data import ChecksIds, Dataset, SceneRenderer
from alseg.contracts.labels import ClassInfo, LabelSpace
from alseg.contracts.observers import Observer
from alseg.contracts.records import Cost, PublishedResult, RoundReport
from alseg.contracts.specs import (
    AcquisitionSpec,
    AnnotationModeSpec,
    DatasetSpec,
    ModelSpec,
    ObserverSpec,
    RecipeSpec,
    Spec,
)
from alseg.contracts.training import (
    Augmentation,
    DataPlan,
    Recipe,
    SegmentationModel,
    TrainingBatch,
    TrainingPlan,
)
from alseg.contracts.types import IGNORE_INDEX, OUTLINE_TOLERANCE, Need, Size

__all__ = [
    "IGNORE_INDEX",
    "OUTLINE_TOLERANCE",
    "AcquisitionSpec",
    "AnnotationMode",
    "AnnotationModeSpec",
    "Answers",
    "Augmentation",
    "BatchSize",
    "ChecksIds",
    "ClassInfo",
    "ColorStrength",
    "Cost",
    "DataPlan",
    "Dataset",
    "DatasetSpec",
    "Distance",
    "Interval",
    "Iterations",
    "LabelSpace",
    "LearningRate",
    "ModelSpec",
    "Momentum",
    "Need",
    "Observer",
    "ObserverSpec",
    "Picks",
    "PoolView",
    "Power",
    "PublishedResult",
    "Radius",
    "Recipe",
    "RecipeSpec",
    "RoundReport",
    "SceneRenderer",
    "ScoreAcquisition",
    "Seed",
    "SegmentationModel",
    "SelectAcquisition",
    "Share",
    "Side",
    "Size",
    "SomeShare",
    "Spec",
    "TargetView",
    "Tolerance",
    "TrainingBatch",
    "TrainingPlan",
    "Weight",
    "WeightDecay",
    "Zoom",
]
