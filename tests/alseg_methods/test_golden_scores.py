"""Our scores against numbers that the authors' own code computed, see UNCHECKED for what is left out.

``ALSEG_GOLDEN`` names another folder with the same names and keys, but other numbers.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alseg.contracts import PartsView, TargetView
from alseg.toolkit import passes, regions, selection, uncertainty, windows
from alseg_methods.acquisitions import class_balanced, halo, pixbal, pixelpick, power
from observed import Kept, observe, parts_view

GOLDEN = Path(os.environ.get("ALSEG_GOLDEN") or Path(__file__).parent / "golden")

CHECKED = (
    "badge_repo",
    "cai_classbal",
    "d2ada_uncertainty",
    "edald",
    "halo",
    "image_scores",
    "mulactseg_acquisition",
    "pixelpick",
    "viewal_mc",
)

POOLS = "no map of scores: diversity over the pool, checked with the methods that rank it"

UNCHECKED = {
    "alc_acquisition": "no method corrects labels",
    "amsl_merge": "merges superpixels: a partition, not an acquisition",
    "badge_distance": POOLS,
    "classmix": "a recipe",
    "clue_repo": POOLS,
    "d2ada_badge": POOLS,
    "d2ada_density": POOLS,
    "d2ada_roundrobin": POOLS,
    "dacs_ema": "a recipe",
    "gao_eccv24": "no method propagates labels between superpixels",
    "mada": POOLS,
    "mulactseg_losses": "a recipe",
    "mulactseg_pseudo_labels": "a recipe",
    "redal_diversity": POOLS,
}
"""Files of the golden folder that nothing here reads, and why."""


def load(name: str) -> dict[str, Any]:
    """Return the arrays of a file as tensors, numbers and texts as themselves."""
    with np.load(GOLDEN / f"{name}.npz") as arrays:
        return {key: torch.from_numpy(value) if value.ndim else value.item() for key, value in arrays.items()}


def same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Scores agree to 2e-5 of the largest."""
    largest = float(theirs.abs().max())
    torch.testing.assert_close(ours.double().cpu(), theirs.double(), rtol=0, atol=2e-5 * largest)


def test_every_golden_file_is_checked_or_listed_with_a_reason() -> None:
    names = {file.stem for file in GOLDEN.glob("*.npz")}
    assert names - {*CHECKED, *UNCHECKED} == set()
    assert set(CHECKED) <= names


def test_uncertainties_of_d2ada_and_their_ranks_over_regions() -> None:
    golden = load("d2ada_uncertainty")
    logits = golden["logits"].float()
    images, num_classes = logits.shape[:2]
    maps = {
        # Theirs is the mean over classes, in bits.
        "entropy": [uncertainty.entropy(one) / (num_classes * math.log(2)) for one in logits],
        "confidence": [-uncertainty.confidence(one) for one in logits],
        "margin": [-uncertainty.margin(one) for one in logits],
    }
    count = int(golden["superpixels"].max()) + 1
    in_pool = torch.zeros((images, count), dtype=torch.bool)
    in_pool[golden["ranked_softmax_entropy_image"], golden["ranked_softmax_entropy_region"]] = True
    for name, values in maps.items():
        same(torch.stack(values), golden[f"softmax_{name}"])
        pairs = zip(values, golden["superpixels"], strict=True)
        means = torch.stack([regions.region_means(one, parts, count) for one, parts in pairs])
        order = means.masked_fill(~in_pool, -torch.inf).flatten().argsort(descending=True, stable=True)
        order = order[: int(in_pool.sum())]
        same(means.flatten()[order], golden[f"ranked_softmax_{name}_score"])
        assert torch.equal(order // count, golden[f"ranked_softmax_{name}_image"])
        assert torch.equal(order % count, golden[f"ranked_softmax_{name}_region"])
    same(torch.stack([one.double().mean() for one in maps["entropy"]]), golden["image_score_entropy"])


def test_image_scores_of_ilm_assl_and_ss_ada() -> None:
    golden = load("image_scores")
    logits = golden["logits"].float()
    entropy = torch.stack([uncertainty.entropy(one) for one in logits]) / math.log(logits.shape[1])
    same(entropy, golden["ssada_entropy"])
    same(entropy.double().mean((1, 2)), golden["ilm_mean_entropy"])
    same(torch.stack([uncertainty.confidence(one) for one in logits]), golden["ssada_confidence"])


def test_disagreement_of_the_passes_of_two_stage_edald() -> None:
    golden = load("edald")
    moments = passes.moments_of(golden["logits"].float())
    bald = passes.bald(moments)
    same(bald, golden["bald"])
    # Their noise is Pareto, 1 / (1 - u), where the paper has Gumbel.
    torch.manual_seed(golden["torch_seed"])
    uniform = torch.rand(bald.shape, dtype=torch.float64)
    same(bald.double().log() + 1 / (1 - uniform), golden["power_bald"])
    # The released function gives NaN for every pixel of the numbers at hand.
    known = ~golden["balentacq"].isnan()
    if known.any():
        same(passes.balanced_entropy(moments)[known], golden["balentacq"][known])


def test_noise_of_power_bald_comes_after_the_logarithm() -> None:
    golden = load("edald")
    logits = golden["logits"].float()
    view = TargetView("image", logits[0], torch.Generator().manual_seed(7), moments=passes.moments_of(logits))
    # With next to no noise, log BALD is left.
    same(power.PowerPasses(beta=1e6).score(view).double().exp(), golden["bald"])


def test_entropies_of_votes_in_viewal() -> None:
    golden = load("viewal_mc")
    moments = passes.moments_of(golden["logits"].float())
    assert moments.count == golden["steps"]
    for name, function in (
        ("vote_entropy", passes.vote_entropy),
        ("soft_vote_entropy", passes.soft_vote_entropy),
    ):
        bits = function(moments) / math.log(2)
        same(bits, golden[name])
        same(regions.region_means(bits, golden["superpixels"]), golden[f"region_{name}"])


def test_order_of_bald_in_badge() -> None:
    golden = load("badge_repo")
    # Examples are the pixels of an image with one row: (T, N, C) to (T, C, 1, N).
    bald = passes.bald(passes.moments_of(golden["mc_probs"].double().log().transpose(1, 2)[:, :, None]))[0]
    order = bald.argsort(descending=True, stable=True)
    assert torch.equal(order[~golden["labelled"][order]], golden["bald_order"])


@pytest.mark.parametrize("name", ["entropy", "least-confidence", "margin"])
def test_candidates_of_pixelpick(name: str) -> None:
    golden = load("pixelpick")
    logits = golden["prob"][0].log()
    key = {"least-confidence": "least_confidence", "margin": "margin_sampling"}.get(name, name)
    values = pixelpick.uncertainty_map(logits, name)  # type: ignore[arg-type]
    same(1 - values if name == "margin" else values, golden[key])
    candidates = pixelpick.most_of(values, 0.05)
    assert torch.equal(candidates, golden[f"candidates_{key}_top5"])
    # Half a pixel more, since shares are rounded down.
    ten = 10.5 / values.numel()
    assert torch.equal(pixelpick.most_of(values, ten), golden[f"query_{key}_top10"])
    # Theirs are drawn by NumPy: ten of the same candidates.
    theirs = golden[f"query_{key}_top5_random10"]
    view = TargetView("image", logits, torch.Generator().manual_seed(golden["numpy_seed"]))
    ours = pixelpick.most_of(pixelpick.PixelPick(name).score(view), ten)  # type: ignore[arg-type]
    for drawn in (ours, theirs):
        assert int(drawn.sum()) == 10
        assert not (drawn & ~candidates).any()


def test_scores_of_halo() -> None:
    golden = load("halo")
    logits, embedding = golden["logits"][0].float(), golden["embedding"][0]
    size = (logits.shape[1], logits.shape[2])
    radius = halo.hyperbolic_radius(embedding, size)
    same(radius, golden["dist0"][0])
    # The embedding is the exponential map of the features, so its distance is twice their norm.
    same(2 * halo.euclidean_radius(golden["features"][0], size), golden["dist0"][0])
    sums, pixels = halo.entropy_sums(logits, 1), halo.entropy_sums(logits, 0)
    entropy = windows.window_mean(uncertainty.entropy(logits), 1) / math.log(len(logits))
    impurity = windows.window_impurity(uncertainty.classes(logits), len(logits), 1) / math.log(len(logits))
    for tag, purity, uncertain in (
        ("radius_entropy_norm", halo.spread(radius), halo.spread(sums)),
        ("radius_pixelentropy_norm", halo.spread(radius), halo.spread(pixels)),
        ("radius_entropy_raw", radius, sums),
        ("hyper_entropy_norm", halo.spread(halo.radius_impurity(radius)), halo.spread(entropy)),
        ("ripu_entropy_raw", impurity, entropy),
    ):
        same(purity, golden[f"{tag}__impurity"])
        same(uncertain, golden[f"{tag}__uncertainty"])
        same(purity * uncertain, golden[f"{tag}__score"])


@pytest.mark.parametrize(
    ("window", "tag"), [(True, "radius_entropy_norm"), (False, "radius_pixelentropy_norm")]
)
def test_halo_on_hyperbolic_and_euclidean_networks(window: bool, tag: str) -> None:
    golden = load("halo")
    view = TargetView(
        "image",
        golden["logits"][0].float(),
        torch.Generator(),
        features=golden["features"][0].float(),
        outputs={"embedding": golden["embedding"][0]},
    )
    same(halo.Halo(window).score(view), golden[f"{tag}__score"])
    # Twice the norm of the features is the hyperbolic radius, and a factor is lost in 0-1.
    same(halo.EuclideanHalo(window).score(view), golden[f"{tag}__score"])


def test_picks_of_halo() -> None:
    golden = load("halo")
    logits = golden["logits"][0].float()
    view = TargetView("image", logits, torch.Generator(), outputs={"embedding": golden["embedding"][0]})
    positions = selection.greedy_select(halo.Halo().score(view), golden["picks"], radius=5)
    revealed = torch.zeros(view.size, dtype=torch.bool)
    for y, x in positions.tolist():
        revealed[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = True
    assert torch.equal(revealed, golden["selected"])
    labels = torch.where(revealed, golden["ground_truth"], torch.full_like(golden["ground_truth"], 255))
    assert torch.equal(labels, golden["active_mask"])


def untied(logits: torch.Tensor) -> torch.Tensor:
    """Return logits (N, C, H, W) in which the class leads that torch.topk, and so their code, names first."""
    best, classes = logits.topk(2, dim=1)
    tied = best[:, :1] == best[:, 1:]
    ahead = torch.where(tied, torch.nextafter(best[:, :1], torch.tensor(torch.inf)), best[:, :1])
    return logits.scatter(1, classes[:, :1], ahead)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
@pytest.mark.parametrize(("key", "suffix"), [("logits19", ""), ("logits20", "_banignore")])
def test_tables_of_mulactseg(key: str, suffix: str, temperature: float) -> None:
    golden = load("mulactseg_acquisition")
    logits, superpixels = untied(golden[key].float()), golden["superpixels"]
    num_classes = logits.shape[1]
    count = int(superpixels.max()) + 1
    views = [
        TargetView(f"image-{index}", one, torch.Generator(), regions=parts, unit="region")
        for index, (one, parts) in enumerate(zip(logits, superpixels, strict=True))
    ]
    # Cai's method observes mean BvSB and modal class of every region.
    kept = observe(class_balanced.ClassBalanced(temperature=temperature), views)
    bvsb, modal = kept.column("uncertainty"), kept.column("classes")
    shares = class_balanced.class_shares(modal, num_classes)
    acquisition = pixbal.PixBal(temperature=temperature)
    weights = acquisition.prepare(observe(acquisition, views), parts_view(views))
    scores = [acquisition.score(replace(view, statistics=weights)) for view in views]
    pairs = zip(scores, superpixels, strict=True)
    tables = {
        "my_bvsb": class_balanced.class_balanced_scores(bvsb, modal, torch.zeros(num_classes)),
        "my_bvsb_clsbal_v2": class_balanced.class_balanced_scores(bvsb, modal, shares),
        "my_bvsb_predclsbal_pwr": torch.cat(
            [regions.region_means(one, parts, count) for one, parts in pairs]
        ),
    }
    for name, table in tables.items():
        theirs = golden[f"{name}{suffix}__temp{temperature}"].flatten()
        in_pool = ~theirs.isnan()
        # The last class is void; regions that are mostly void by prediction are banned.
        ours = table.masked_fill(modal == num_classes - 1, 0) if suffix else table
        same(ours[in_pool], theirs[in_pool])


def test_ranks_of_cai_and_amsl() -> None:
    golden = load("cai_classbal")
    values, classes = golden["uncertainty"].flatten(), golden["dominant_class"]
    num_classes = golden["num_classes"]
    bought = torch.zeros(len(values), dtype=torch.bool)
    bought[golden["previously_selected"]] = True
    shares = class_balanced.class_shares(classes, num_classes)
    scores = class_balanced.class_balanced_scores
    balanced = scores(values, classes, shares, bought).argsort(descending=True, stable=True)
    assert torch.equal(balanced[: golden["k"]], golden["selected_classbal"])
    plain = scores(values, classes, torch.zeros(num_classes), bought).argsort(descending=True, stable=True)
    assert torch.equal(plain[: golden["k"]], golden["selected_uncertainty"])
    # With a budget in clicks they go on until it is spent, and buy the region that exceeds it.
    spent = golden["clicks"].flatten()[balanced].cumsum(0)
    enough = int((spent < golden["click_budget"]).sum()) + 1
    assert torch.equal(balanced[:enough], golden["selected_classbal_clicks"])
    # AMSL: shares of pixels, always of those of Cityscapes; it does not leave out what is bought.
    pixels = class_balanced.class_shares(classes, num_classes, golden["region_pixels"], 1024 * 2048 * 2975)
    amsl = scores(values, classes, pixels).argsort(descending=True, stable=True)
    assert torch.equal(amsl[: golden["k"]], golden["selected_amsl"])


def test_the_method_ranks_as_cai_do() -> None:
    golden = load("cai_classbal")
    kept = Kept(
        [{"uncertainty": golden["uncertainty"].flatten(), "classes": golden["dominant_class"].byte()}]
    )
    parts = len(golden["dominant_class"])
    bought = torch.zeros(parts, dtype=torch.bool)
    bought[golden["previously_selected"]] = True
    pool = PartsView(
        image_ids=["image"],
        images=torch.zeros(parts, dtype=torch.int64),
        regions=torch.arange(parts),
        pixels=golden["region_pixels"],
        bought=bought,
        count=golden["k"],
        budget=1,
        generator=torch.Generator(),
        groups=torch.zeros(1, dtype=torch.int64),
        num_classes=golden["num_classes"],
    )
    ranked = class_balanced.ClassBalanced().rank(kept, pool)
    assert torch.equal(ranked[: golden["k"]], golden["selected_classbal"])
