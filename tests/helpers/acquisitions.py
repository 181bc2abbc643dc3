"""Every acquisition that is shipped, with annotation modes that fit, as methods of the toy experiment."""

from __future__ import annotations

from typing import Any

import alseg_baselines
import alseg_methods
import alseg_partitions
import alseg_ripu
from alseg.contracts import AcquisitionSpec

PLUGINS = (alseg_methods, alseg_partitions, alseg_ripu)
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
PARAMETERS: dict[str, dict[str, Any]] = {"ripu": {"radius": 1}, "ripu-pixel": {"radius": 2}}


def parameters_of(spec: AcquisitionSpec) -> dict[str, Any]:
    """Return parameters for the toy network, which has no dropout."""
    if "moments" in spec.needs and spec.name != "equal":
        return {"source": "jitter", "count": 3}
    return PARAMETERS.get(spec.name, {})


def acquiring_methods() -> list[dict[str, Any]]:
    """Return a method for each acquisition and each unit that it can decide on."""
    return [
        {
            "label": f"{spec.name} of {unit}s",
            "acquisition": {"name": spec.name, **parameters_of(spec)},
            **MODES[unit],
        }
        for spec in SPECS
        for unit in MODES
        if unit in (("image",) if spec.kind == "select" else spec.units)
    ]
