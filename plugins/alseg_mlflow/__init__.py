"""MLflow: experiments recorded in a file, without a server."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ObserverSpec
from alseg_mlflow.build import build_mlflow


@hookimpl
def register_observers() -> list[ObserverSpec]:
    """Offer ``mlflow``."""
    return [
        ObserverSpec(
            name="mlflow",
            summary="Settings, and mIoU, accuracy, class IoU and costs by iteration, in an MLflow store.",
            source="mlflow.org",
            build=build_mlflow,
        )
    ]
