"""Acquisitions from the literature, one module each in `alseg_methods.acquisitions`; numbers of a paper."""

from __future__ import annotations

import importlib
import pkgutil

from alseg import AcquisitionSpec, PublishedResult, hookimpl
from alseg_methods import acquisitions
from alseg_methods.published import published_results


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer ``SPEC`` or ``SPECS`` of every module in `alseg_methods.acquisitions`, by name of the module.

    Raises:
        AttributeError: If a module has neither.
    """
    specs: list[AcquisitionSpec] = []
    for name in sorted(found.name for found in pkgutil.iter_modules(acquisitions.__path__)):
        module = importlib.import_module(f"{acquisitions.__name__}.{name}")
        specs.extend(module.SPECS if hasattr(module, "SPECS") else [module.SPEC])
    return specs


@hookimpl
def register_published_results() -> list[PublishedResult]:
    """Offer the rows of ILM-ASSL's tables."""
    return published_results()
