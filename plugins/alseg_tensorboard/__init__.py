"""TensorBoard: learning curves of an experiment while it runs."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import ObserverSpec
from alseg_tensorboard.build import build_tensorboard


@hookimpl
def register_observers() -> list[ObserverSpec]:
    """Offer ``tensorboard``."""
    return [
        ObserverSpec(
            name="tensorboard",
            summary="mIoU, accuracy, class IoU and costs by iteration, for tensorboard --logdir.",
            source="tensorflow.org/tensorboard; written by torch.utils.tensorboard.",
            build=build_tensorboard,
        )
    ]
