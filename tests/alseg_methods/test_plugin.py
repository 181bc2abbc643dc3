from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import alseg_methods
from alseg.contracts import AcquisitionSpec
from alseg.registry.loading import registry_of
from alseg.testing import check_acquisition

SPECS = alseg_methods.register_acquisitions()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_method_works_with_two_classes(spec: AcquisitionSpec) -> None:
    check_acquisition(spec, num_classes=2)


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("badge", {"trials": "log", "first": "residual", "dimensions": 2}),
    ("alc", {"temperature": 0.001}),
    ("bald", {"source": "flip", "count": 2}),
    ("bvsb", {"temperature": 0.001}),
    ("cdal", {"weighting": "uniform"}),
    ("clasp-pe", {"share": 1.0, "uncertainty": "bvsb"}),
    ("class-balanced", {"shares": "pixels", "temperature": 0.1}),
    ("clue", {"temperature": 0.001, "dimensions": 1}),
    ("d2ada", {"alpha": 0.5, "beta": 0.0, "per_class": 1, "fitted": 2}),
    ("equal", {"terms": "divergence"}),
    ("gao", {"sure": 1.0}),
    ("mada", {"anchors": 1, "least": 1, "dimensions": 3}),
    ("max-herding", {"candidates": 1}),
    ("max-herding", {"bandwidth": 1e-6}),
    ("pixbal", {"strength": 0.0, "temperature": 0.001}),
    ("pixelpick", {"reverse": True, "share": 1.0}),
    ("power", {"beta": 1e-6, "beta_end": 1e6, "uncertainty": "margin"}),
    ("power-bald", {"disagreement": "variation-ratio"}),
    ("random-boundary", {"share": 1.0}),
    ("random-stratified", {"share": 0.5}),
    ("redal", {"decay": 0.001, "dimensions": 1}),
]


@pytest.mark.parametrize(("name", "params"), VARIANTS)
def test_parameters_at_their_ends_keep_the_contract(name: str, params: dict[str, Any]) -> None:
    check_acquisition(next(spec for spec in SPECS if spec.name == name), **params)


def test_the_registry_accepts_every_method() -> None:
    assert {spec.name for spec in SPECS} <= {*registry_of(alseg_methods).acquisitions}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_only_methods_with_passes_need_moments(spec: AcquisitionSpec) -> None:
    assert hasattr(spec.build(), "passes") == ("moments" in spec.needs)


def test_offering_the_methods_does_not_import_torch() -> None:
    script = (
        "import alseg_methods, sys; alseg_methods.register_acquisitions(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
