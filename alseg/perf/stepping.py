"""Takes training steps of the quickstart's network when told to: a process of `alseg.perf.threads`.

Prints the number of threads when ready. For every line with a number of seconds that it reads, it takes steps
for that long and prints the seconds of one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch

from alseg.contracts import TrainingBatch
from alseg.inference.predict import resize_logits
from alseg.registry.loading import load_registry

_SIZE = (96, 192)
_CLASSES = 19


def training_step() -> Callable[[], None]:
    """Return a function that takes one step on images of noise."""
    registry = load_registry()
    torch.manual_seed(0)
    model = registry.get("models", "smp").spec.build(
        num_classes=_CLASSES,
        architecture="FPN",
        encoder="tf_efficientnet_lite0",
        weights="none",
        decoder_channels=32,
        freeze_encoder_norm=True,
    )
    model = model.to(memory_format=torch.channels_last).train()
    recipe = registry.get("recipes", "ripu").spec.build(
        optimizer="adamw", learning_rate=0.0015, source_size=_SIZE, target_size=_SIZE
    )
    optimizer = recipe.make_optimizer(model)
    labels = torch.randint(0, _CLASSES, (2, *_SIZE))
    batch = TrainingBatch(
        iteration=0,
        source_images=torch.randn(2, 3, *_SIZE),
        source_labels=labels,
        target_images=torch.randn(2, 3, *_SIZE),
        target_labels=labels,
    )

    def step() -> None:
        losses = recipe.losses(lambda images: resize_logits(model(images), _SIZE), batch)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def serve() -> None:
    """Work until there is nothing more to read."""
    step = training_step()
    step()
    print(torch.get_num_threads(), flush=True)
    for line in sys.stdin:
        started, steps = time.perf_counter(), 0
        while steps == 0 or time.perf_counter() - started < float(line):
            step()
            steps += 1
        print((time.perf_counter() - started) / steps, flush=True)


if __name__ == "__main__":
    serve()
