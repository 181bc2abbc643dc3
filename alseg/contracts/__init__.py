"""Everything that crosses a plugin boundary: specs, protocols and records.

Importing this module never imports torch: plugins are listed, and experiment files checked, without it.

Terms: an *image* is uint8 RGB ``(H, W, 3)``. A *label map* is uint8 ``(H, W)`` with the class index of its
label space, or `IGNORE_INDEX` for void. A *size* is ``(height, width)`` in pixels. A *pick* is the pixel
``(y, x)`` at which a question is asked.
"""

from __future__ import annotations

from annotated_types import Interval

from alseg.contracts.acquisition import (
    ObservingAcquisition,
    PreparingAcquisition,
    RankingAcquisition,
    ScoreAcquisition,
    SelectAcquisition,
)
from alseg.contracts.annotating import (
    GivenAnswer,
    ImageQuestions,
    PeopleAnnotator,
    Question,
    QuestionSheet,
)
from alseg.contracts.annotation import (
    AdaptivePartition,
    AnnotationMode,
    AnswerKind,
    Answers,
    Partition,
    Picks,
    RegionAnnotationMode,
)
from alseg.contracts.bounds import (
    Accumulation,
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
    Temperature,
    Tolerance,
    WarmUp,
    Weight,
    WeightDecay,
    Zoom,
)
from alseg.contracts.data import ChecksIds, Dataset, SceneRenderer
from alseg.contracts.derivation import Derivation, DerivationView, DerivingRecipe
from alseg.contracts.labels import ClassInfo, LabelSpace
from alseg.contracts.observers import Observer
from alseg.contracts.records import Cost, PublishedResult, RoundReport
from alseg.contracts.specs import (
    ADDED_LATER,
    AcquisitionSpec,
    AddedLater,
    AnnotationModeSpec,
    DatasetSpec,
    ModelSpec,
    ObserverSpec,
    PartitionSpec,
    RecipeSpec,
    Spec,
)
from alseg.contracts.stateful import FollowsSteps, OutputRecipe, SeveralOptimizers, StatefulRecipe
from alseg.contracts.training import (
    Augmentation,
    DataPlan,
    Forward,
    Recipe,
    SegmentationModel,
    SourceSampling,
    TrainingBatch,
    TrainingPlan,
)
from alseg.contracts.types import IGNORE_INDEX, NEEDS, OUTLINE_TOLERANCE, Need, Size
from alseg.contracts.views import (
    Domain,
    Moments,
    Observations,
    PartsView,
    Passes,
    PixelRanking,
    PoolView,
    SourceView,
    TargetView,
    Unit,
    View,
)

__all__ = [
    "ADDED_LATER",
    "IGNORE_INDEX",
    "NEEDS",
    "OUTLINE_TOLERANCE",
    "Accumulation",
    "AcquisitionSpec",
    "AdaptivePartition",
    "AddedLater",
    "AnnotationMode",
    "AnnotationModeSpec",
    "AnswerKind",
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
    "Derivation",
    "DerivationView",
    "DerivingRecipe",
    "Distance",
    "Domain",
    "FollowsSteps",
    "Forward",
    "GivenAnswer",
    "ImageQuestions",
    "Interval",
    "Iterations",
    "LabelSpace",
    "LearningRate",
    "ModelSpec",
    "Moments",
    "Momentum",
    "Need",
    "Observations",
    "Observer",
    "ObserverSpec",
    "ObservingAcquisition",
    "OutputRecipe",
    "Partition",
    "PartitionSpec",
    "PartsView",
    "Passes",
    "PeopleAnnotator",
    "Picks",
    "PixelRanking",
    "PoolView",
    "Power",
    "PreparingAcquisition",
    "PublishedResult",
    "Question",
    "QuestionSheet",
    "Radius",
    "RankingAcquisition",
    "Recipe",
    "RecipeSpec",
    "RegionAnnotationMode",
    "RoundReport",
    "SceneRenderer",
    "ScoreAcquisition",
    "Seed",
    "SegmentationModel",
    "SelectAcquisition",
    "SeveralOptimizers",
    "Share",
    "Side",
    "Size",
    "SomeShare",
    "SourceSampling",
    "SourceView",
    "Spec",
    "StatefulRecipe",
    "TargetView",
    "Temperature",
    "Tolerance",
    "TrainingBatch",
    "TrainingPlan",
    "Unit",
    "View",
    "WarmUp",
    "Weight",
    "WeightDecay",
    "Zoom",
]
