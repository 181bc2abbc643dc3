from __future__ import annotations

import subprocess
import sys

import pytest

import alseg_ripu
from alseg import AlsegError
from alseg.registry.parameters import check_parameters
from alseg_ripu import build


def test_it_offers_two_acquisitions_and_a_recipe_with_usable_parameters() -> None:
    specs = [*alseg_ripu.register_acquisitions(), *alseg_ripu.register_recipes()]
    assert [spec.name for spec in specs] == ["ripu", "ripu-pixel", "ripu"]
    for spec in specs:
        check_parameters(spec)
        spec.build()


def test_listing_it_does_not_import_torch() -> None:
    script = (
        "import sys, alseg_ripu; alseg_ripu.register_acquisitions(); alseg_ripu.register_recipes(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_public_functions_are_importable_from_the_package() -> None:
    for name in alseg_ripu.__all__:
        assert getattr(alseg_ripu, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^No alseg_ripu attribute region_score$"):
        alseg_ripu.region_score  # noqa: B018


@pytest.mark.parametrize(("name", "builder"), [("ripu", build.ripu), ("ripu-pixel", build.ripu_pixel)])
def test_a_radius_without_neighbours_is_refused(name: str, builder: type) -> None:
    with pytest.raises(AlsegError) as refusal:
        builder(radius=0)
    assert str(refusal.value) == f"Acquisition '{name}': radius must be at least 1, not 0."
