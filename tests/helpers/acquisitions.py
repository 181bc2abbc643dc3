"""Every acquisition that is shipped, with annotation modes that fit, as methods of the toy experiment."""

from __future__ import annotations

from typing import Any

import alseg_baselines
import alseg_methods
import alseg_partitions
import alseg_recipes
import alseg_ripu
from alseg.contracts import AcquisitionSpec

PLUGINS = (alseg_methods, alseg_partitions, alseg_recipes, alseg_ripu)
SPECS: list[AcquisitionSpec] = [
    spec
    for plugin in (alseg_baselines, alseg_ripu, alseg_methods)
    for spec in plugin.register_acquisitions()
    if "output:embedding" not in spec.needs  # the toy network has none
]
MODES: dict[str, dict[str, Any]] = {
    "part": {"annotation": {"name": "pixel", "spacing": 1}, "budget": "6 px/image"},
    "region": {
        "annotation": {"name": "superpixel"},
        "partition": {"name": "grid", "side": 4},
        "budget": "20%",
    },
    "image": {"annotation": {"name": "image", "tolerance": 1}, "budget": "3 images"},
}
SMALL = {"iterations": 8, "learning_rate": 0.05, "source_size": None, "target_size": None}
RECIPES: dict[str, dict[str, Any]] = {
    "output:domain": {"name": "adversarial", "channels": 4, "layers": 2, **SMALL},
    "output:second": {"name": "two-classifiers", **SMALL},
}
"""Recipes that provide outputs which the toy network has not."""
PARAMETERS: dict[str, dict[str, Any]] = {"ripu": {"radius": 1}, "ripu-pixel": {"radius": 2}}


def parameters_of(spec: AcquisitionSpec) -> dict[str, Any]:
    """Return parameters for the toy network, which has no dropout."""
    if "moments" in spec.needs and spec.name != "equal":
        return {"source": "jitter", "count": 3}
    return PARAMETERS.get(spec.name, {})


def recipe_for(spec: AcquisitionSpec) -> dict[str, Any]:
    """Return the method's own recipe where the acquisition needs an output of it, else nothing."""
    return next(({"recipe": RECIPES[need]} for need in spec.needs if need in RECIPES), {})


def acquiring_methods() -> list[dict[str, Any]]:
    """Return a method for each acquisition and each unit that it can decide on."""
    return [
        {
            "label": f"{spec.name} of {unit}s",
            "acquisition": {"name": spec.name, **parameters_of(spec)},
            **MODES[unit],
            **recipe_for(spec),
        }
        for spec in SPECS
        for unit in MODES
        if unit in (("image",) if spec.kind == "select" else spec.units)
    ]
