"""What authors of plugins test with. Importing this package does not import torch.

- `check_acquisition`: does an acquisition keep its contract, whatever the predictions?
- `check_annotation_mode`: does an annotation mode keep its contract, prices of answers included?
- `check_dataset`: does a data set keep the contract of `alseg.contracts.Dataset`?
- `round_report`: a `RoundReport`, for testing observers.
- `view_of`: a `TargetView` from class probabilities, for testing acquisitions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alseg.testing.acquisitions import check_acquisition
    from alseg.testing.datasets import check_dataset
    from alseg.testing.modes import check_annotation_mode
    from alseg.testing.reports import round_report
    from alseg.testing.views import view_of

__all__ = ["check_acquisition", "check_annotation_mode", "check_dataset", "round_report", "view_of"]

_MODULES = {
    "check_acquisition": "alseg.testing.acquisitions",
    "check_annotation_mode": "alseg.testing.modes",
    "check_dataset": "alseg.testing.datasets",
    "round_report": "alseg.testing.reports",
    "view_of": "alseg.testing.views",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
