"""Training from one iteration to another: steps are shown, and the state is kept where nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from alseg.engine.parts import RunParts
from alseg.engine.phases import Phases
from alseg.training.trainer import StepLosses

LOG_EVERY_SECONDS = 10.0


class Steps:
    """Takes the steps of a run.

    Args:
        parts: The run.
    """

    def __init__(self, parts: RunParts) -> None:
        self._parts = parts
        self._last_saved, self._last_logged = time.monotonic(), 0.0

    def train(self, stop: int, phases: Phases) -> None:
        """Take steps until ``stop`` have been taken in all, and keep the state.

        Raises:
            Interrupted: If asked to stop; the last step is kept.
            DivergedError: If the loss is no longer finite.
        """
        trainer = self._parts.trainer
        if trainer.iteration >= stop:
            return
        with phases.phase("train", stop, trainer.iteration) as on_step:
            trainer.train(stop, lambda step, losses: self._after(step, losses, on_step))
        self.save()

    def save(self) -> None:
        """Keep the training state."""
        self._parts.save()
        self._last_saved = time.monotonic()

    def _after(self, step: int, losses: StepLosses, on_step: Callable[[str], None]) -> None:
        on_step(f"loss {sum(losses.values()):.3f}")
        context, now = self._parts.context, time.monotonic()
        if now - self._last_logged >= LOG_EVERY_SECONDS:
            self._last_logged = now
            self._parts.folder.append_event("step", iteration=step, losses=dict(losses))
        # A step that one rank takes all of them take, so that they stop after the same one.
        stopping = context.stop.agreed(context.ranks)
        if stopping or now - self._last_saved >= 60 * context.settings.checkpoint_minutes:
            self.save()
        # Not whatever has come since: a signal that finds the step unsaved waits for the next one.
        if stopping:
            context.stop.check()
