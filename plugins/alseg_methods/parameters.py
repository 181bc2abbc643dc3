"""Types of parameters that several acquisitions have."""

from __future__ import annotations

from typing import Annotated

from alseg.contracts import Interval

Dimensions = Annotated[int, Interval(ge=1, le=65_536)]
"""Most numbers kept of a feature; a random projection reduces longer ones.

An observation takes 4 bytes times that many for each part: 2,975 images of 40 regions at 256 dimensions
122 MB, of 2,048 regions 6.2 GB, at 16 dimensions 390 MB.
"""
