"""Golden numbers of what training recipes are built from."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from alseg.toolkit import ema, mixing
from golden import Arrays, Check, Tensors


def _drawn_by_numpy(labels: torch.Tensor) -> torch.Tensor:
    """Return the classes that the released code draws: half of them, by NumPy's global generator."""
    classes: torch.Tensor = labels.unique()  # type: ignore[no-untyped-call]
    half = int((len(classes) + len(classes) % 2) / 2)
    return classes[torch.from_numpy(np.random.choice(len(classes), half, replace=False))]


def check_mixing_of_dacs(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    labels, classes = golden["source_labels"], golden["dacs_classes"]
    generator = torch.Generator().manual_seed(0)
    assert len(mixing.draw_classes(labels[0], generator)) == len(classes)
    mask = mixing.class_mask(labels[:1], classes)
    assert torch.equal(mask[0].float(), golden["dacs_mask"])
    images = [golden[key][:1].float() for key in ("source_images", "target_images")]
    assert torch.equal(mixing.paste(mask, *images)[0], golden["dacs_image"])
    assert torch.equal(
        mixing.paste(mask, labels[:1], golden["pseudo_labels"][:1])[0].float(), golden["dacs_label"]
    )


def check_mixing_of_daformer(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    labels = golden["source_labels"]
    np.random.seed(golden["numpy_seed"])
    masks = torch.stack([mixing.class_mask(one, _drawn_by_numpy(labels)) for one in labels])
    assert torch.equal(masks.long(), golden["daformer_masks"])
    images = [golden[key].float() for key in ("source_images", "target_images")]
    assert torch.equal(mixing.paste(masks, *images), golden["daformer_images"])
    assert torch.equal(
        mixing.paste(masks, labels, golden["pseudo_labels"])[:, None], golden["daformer_labels"]
    )


class _Weights(nn.Module):
    def __init__(self, values: torch.Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(values.clone())


def check_teacher_of_dacs(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    steps = sorted(int(key.removeprefix("student_")) for key in golden if key.startswith("student_"))
    assert steps
    for step in steps:
        before, student = golden[f"teacher_before_{step}"], _Weights(golden[f"student_{step}"])
        for counted in (step, torch.tensor(step)):
            teacher = _Weights(before)
            ema.update(teacher, student, ema.decay_at(counted, 0.99))
            assert torch.equal(teacher.values, golden[f"teacher_after_{step}"])


CHECKS: dict[str, tuple[Check, ...]] = {
    "classmix": (check_mixing_of_dacs, check_mixing_of_daformer),
    "dacs_ema": (check_teacher_of_dacs,),
}
