"""A reporter that stops a run as a signal would."""

from __future__ import annotations

from alseg.system.signals import Interrupted
from toys import Silent


class StopAfter(Silent):
    """Asks the run to stop in a given phase, as a signal would."""

    def __init__(self, phase: str, occurrence: int, steps: int) -> None:
        super().__init__()
        self.where, self.steps_left = (phase, occurrence), steps

    def advance(self, detail: str = "") -> None:
        if self.phases and (self.phases[-1], self.phases.count(self.phases[-1])) == self.where:
            self.steps_left -= 1
            if self.steps_left == 0:
                raise Interrupted
