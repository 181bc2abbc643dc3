from __future__ import annotations

import subprocess
import sys

import pytest

import alseg_methods
from alseg.contracts import AcquisitionSpec
from alseg.registry.loading import registry_of
from alseg.testing import check_acquisition

SPECS = alseg_methods.register_acquisitions()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_method_works_with_two_classes(spec: AcquisitionSpec) -> None:
    check_acquisition(spec, num_classes=2)


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
