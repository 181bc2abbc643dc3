"""What is common to all vehicles."""

from __future__ import annotations

from dataclasses import dataclass

from alseg_streets.drawings import Drawing, Part, Shape, ellipse


@dataclass(frozen=True)
class VehicleModel:
    """The views of one kind of vehicle; its size in metres is that of the drawings.

    Attributes:
        tail: From behind.
        nose: From the front.
        side: From the right, the nose at the right.
        cabin_tail: What stands above ``tail`` but farther in, such as a car's rear window, or None.
        cabin_nose: The same for ``nose``.
        tail_offset: Distance of ``cabin_tail`` from the tail in metres.
        nose_offset: Distance of ``cabin_nose`` from the nose in metres.
        waist: Height in metres above which the sides lean inwards.
        lean: Metres by which they lean inwards per metre of height.
    """

    tail: Drawing
    nose: Drawing
    side: Drawing
    cabin_tail: Drawing | None = None
    cabin_nose: Drawing | None = None
    tail_offset: float = 0.0
    nose_offset: float = 0.0
    waist: float = 0.0
    lean: float = 0.0

    @property
    def width(self) -> float:
        """Width in metres."""
        return self.tail.width

    @property
    def length(self) -> float:
        """Length in metres."""
        return self.side.width


def wheel(x: float, radius: float) -> tuple[Shape, ...]:
    """Return a wheel that stands on the ground; metres."""
    return (
        ellipse(Part.TYRE, x, radius, radius * 1.12),
        ellipse(Part.TYRE, x, radius, radius),
        ellipse(Part.RIM, x, radius, radius * 0.6),
        ellipse(Part.METAL_DARK, x, radius, radius * 0.2),
    )
