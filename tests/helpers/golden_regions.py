"""Golden numbers of sets of classes, corrections and merged regions."""

from __future__ import annotations

import numpy as np
import torch

from alseg.contracts import TargetView
from alseg.toolkit.merging import mean_entropies, merge_adjacent, merge_alike, region_edges
from alseg.toolkit.pseudo_labels import set_pseudo_labels
from alseg.toolkit.regions import modal_classes, region_means
from alseg.toolkit.set_losses import merged_positive_loss, prototypical_loss
from alseg_methods.acquisitions.alc import corrections
from alseg_methods.acquisitions.gao import domain_differences
from alseg_partitions.adaptive import Gao
from golden import Arrays, Check, Tensors, assert_near

LOSSES = {"merged_positive": merged_positive_loss, "prototypical": prototypical_loss}

LOSS_TOLERANCE = 1e-5

SURE, ALIKE = 0.05, 0.10
"""Thresholds of Gao's released code: of the mean entropy and of the divergence."""


def check_mulactseg_losses(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    regions = golden["superpixels"].long().masked_fill(~golden["mask"], -1)
    sets = golden["targets"].bool()
    # Networks with 19 classes do not know void, the last of the sets.
    for num_classes, void in ((19, ""), (20, "_with_void_class")):
        logits = golden[f"logits{num_classes}"].float().requires_grad_()
        for name, loss_of in LOSSES.items():
            loss = loss_of(logits, regions, sets)
            (gradient,) = torch.autograd.grad(loss, logits)
            sharp = loss_of(0.1 * logits, regions, sets, temperature=0.1)
            theirs = golden[f"{name}{void}__temp1.0__gradient"]
            bound = LOSS_TOLERANCE * float(theirs.abs().max())
            torch.testing.assert_close(gradient, theirs, rtol=0, atol=bound)
            for value, temperature in ((loss, "1.0"), (sharp, "0.1")):
                expected = torch.tensor(golden[f"{name}{void}__temp{temperature}"])
                torch.testing.assert_close(value.detach(), expected, rtol=LOSS_TOLERANCE, atol=0)


def check_mulactseg_pseudo_labels(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    labels = set_pseudo_labels(
        golden["logits"].float().softmax(0),
        golden["features"].float(),
        golden["superpixels"],
        golden["mask"],
        golden["targets"].bool(),
    )
    assert torch.equal(labels, golden["pseudo_labels"])


def check_merges_of_amsl(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    superpixels = golden["superpixels"].long()
    edges = region_edges(superpixels)
    assert torch.equal(edges, golden["edges"].long())
    for distance in (0.1, 0.2):
        roots = merge_adjacent(golden["region_mean_prob"], golden["region_bvsb"], edges, distance)
        assert torch.equal(roots[superpixels], golden[f"merged_eps{distance}"].long())


def check_gao(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    regions, truth = golden["superpixels"].long(), golden["ground_truth"]
    adapted, trained = (golden[name][0].float() for name in ("uda_logits", "target_logits"))
    probs, entropies = adapted.softmax(0), mean_entropies(adapted, regions)
    unsure = (entropies >= SURE).nonzero().flatten()
    assert torch.equal(unsure, golden["husp"])

    sure = (entropies < SURE).nonzero().flatten().tolist()
    groups = merge_alike(region_means(probs, regions), sure, ALIKE, skip_next=True)
    assert len(groups) == golden["cost_phase1"]
    merged = torch.arange(len(entropies))
    for group in groups:
        merged[group] = group[0]
    classes = modal_classes(truth, merged[regions], 19, len(entropies))
    asked = torch.isin(regions, torch.tensor(sure))
    first = classes[merged[regions]].masked_fill(~asked, -1)
    assert torch.equal(first, golden["labels_phase1"][0])
    # The partition makes a region of each group without the fault, and of each unsure superpixel.
    view = TargetView("a", adapted, torch.Generator(), regions=regions.int(), unit="region")
    found = Gao(sure=SURE, divergence=ALIKE).adapt(regions.numpy().astype(np.int32), view)
    alike = merge_alike(region_means(probs, regions), sure, ALIKE)
    apart = [*alike, *([region] for region in unsure.tolist())]
    assert found.max() + 1 == len(apart)
    assert all(len(np.unique(found[np.isin(regions.numpy(), group)])) == 1 for group in apart)

    differences = domain_differences(adapted, trained, regions)[unsure]
    wanted = unsure[differences.argsort(descending=True, stable=True)[: golden["budget_phase2"]]]
    answers = modal_classes(truth, regions, 19)[regions]
    second = torch.where(torch.isin(regions, wanted), answers, first)
    assert torch.equal(second, golden["labels_phase2"][0])


def check_alc(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    found = corrections(golden["soft_labels"], golden["noisy_labels"], golden["objects"])
    asked = golden["object_ids"].long()
    assert torch.equal(found.representative[asked], golden["representative_yx"])
    assert torch.equal(found.expanded[asked], golden["expanded_pixels"])
    assert_near(found.doubt[asked], golden["pixel_cil"])
    assert_near(found.mean_doubt[asked], golden["mean_cil"])
    assert_near(found.look_ahead[asked], golden["look_ahead"])


CHECKS: dict[str, tuple[Check, ...]] = {
    "alc_acquisition": (check_alc,),
    "amsl_merge": (check_merges_of_amsl,),
    "gao_eccv24": (check_gao,),
    "mulactseg_losses": (check_mulactseg_losses,),
    "mulactseg_pseudo_labels": (check_mulactseg_pseudo_labels,),
}
"""By name of the file."""
