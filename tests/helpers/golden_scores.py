"""Golden numbers of maps of scores, their means over regions and what is picked from them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import torch

from alseg.contracts import TargetView
from alseg.testing import observations_of, observe, parts_of_pool, parts_of_views, view_of
from alseg.toolkit import passes, regions, selection, uncertainty, windows
from alseg_methods.acquisitions import class_balanced, halo, pixbal, pixelpick, power
from golden import Arrays, Check, Tensors, assert_near


def check_d2ada_uncertainty(arrays: Arrays) -> None:
    golden = Tensors(arrays)
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
        assert_near(torch.stack(values), golden[f"softmax_{name}"])
        pairs = zip(values, golden["superpixels"], strict=True)
        means = torch.stack([regions.region_means(one, parts, count) for one, parts in pairs])
        order = means.masked_fill(~in_pool, -torch.inf).flatten().argsort(descending=True, stable=True)
        order = order[: int(in_pool.sum())]
        assert_near(means.flatten()[order], golden[f"ranked_softmax_{name}_score"])
        assert torch.equal(order // count, golden[f"ranked_softmax_{name}_image"])
        assert torch.equal(order % count, golden[f"ranked_softmax_{name}_region"])
    assert_near(torch.stack([one.double().mean() for one in maps["entropy"]]), golden["image_score_entropy"])


def check_image_scores(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    logits = golden["logits"].float()
    entropy = torch.stack([uncertainty.entropy(one) for one in logits]) / math.log(logits.shape[1])
    assert_near(entropy, golden["ssada_entropy"])
    assert_near(entropy.double().mean((1, 2)), golden["ilm_mean_entropy"])
    assert_near(torch.stack([uncertainty.confidence(one) for one in logits]), golden["ssada_confidence"])


def check_disagreement_of_edald(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    moments = passes.moments_of(golden["logits"].float())
    bald = passes.bald(moments)
    assert_near(bald, golden["bald"])
    # Their noise is Pareto, 1 / (1 - u), where the paper has Gumbel.
    torch.manual_seed(golden["torch_seed"])
    uniform = torch.rand(bald.shape, dtype=torch.float64)
    assert_near(bald.double().log() + 1 / (1 - uniform), golden["power_bald"])
    # The released function gives NaN for every pixel of the numbers at hand.
    known = ~golden["balentacq"].isnan()
    if known.any():
        assert_near(passes.balanced_entropy(moments)[known], golden["balentacq"][known])


def check_noise_of_power_bald(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    logits = golden["logits"].float()
    view = TargetView("image", logits[0], torch.Generator().manual_seed(7), moments=passes.moments_of(logits))
    # With next to no noise, log BALD is left.
    assert_near(power.PowerPasses(beta=1e6).score(view).double().exp(), golden["bald"])


def check_viewal_mc(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    moments = passes.moments_of(golden["logits"].float())
    assert moments.count == golden["steps"]
    for name, function in (
        ("vote_entropy", passes.vote_entropy),
        ("soft_vote_entropy", passes.soft_vote_entropy),
    ):
        bits = function(moments) / math.log(2)
        assert_near(bits, golden[name])
        assert_near(regions.region_means(bits, golden["superpixels"]), golden[f"region_{name}"])


def check_order_of_bald_in_badge(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    # Examples are the pixels of an image with one row: (T, N, C) to (T, C, 1, N).
    bald = passes.bald(passes.moments_of(golden["mc_probs"].double().log().transpose(1, 2)[:, :, None]))[0]
    order = bald.argsort(descending=True, stable=True)
    assert_near(golden["logits"].softmax(1), golden["probs"])
    assert torch.equal(order[~golden["labelled"][order]], golden["bald_order"])


def check_pixelpick(arrays: Arrays, name: str) -> None:
    golden = Tensors(arrays)
    logits = golden["prob"][0].log()
    key = {"least-confidence": "least_confidence", "margin": "margin_sampling"}.get(name, name)
    values = pixelpick.uncertainty_map(logits, name)  # type: ignore[arg-type]
    assert_near(1 - values if name == "margin" else values, golden[key])
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


def check_scores_of_halo(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    logits, embedding = golden["logits"][0].float(), golden["embedding"][0]
    size = (logits.shape[1], logits.shape[2])
    radius = halo.hyperbolic_radius(embedding, size)
    assert_near(radius, golden["dist0"][0])
    # The embedding is the exponential map of the features, so its distance is twice their norm.
    assert_near(2 * halo.euclidean_radius(golden["features"][0], size), golden["dist0"][0])
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
        assert_near(purity, golden[f"{tag}__impurity"])
        assert_near(uncertain, golden[f"{tag}__uncertainty"])
        assert_near(purity * uncertain, golden[f"{tag}__score"])


def check_halo_on_networks(arrays: Arrays, window: bool, tag: str) -> None:
    golden = Tensors(arrays)
    view = TargetView(
        "image",
        golden["logits"][0].float(),
        torch.Generator(),
        features=golden["features"][0].float(),
        outputs={"embedding": golden["embedding"][0]},
    )
    assert_near(halo.Halo(window).score(view), golden[f"{tag}__score"])
    # Twice the norm of the features is the hyperbolic radius, and a factor is lost in 0-1.
    assert_near(halo.EuclideanHalo(window).score(view), golden[f"{tag}__score"])


def check_picks_of_halo(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    logits = golden["logits"][0].float()
    view = TargetView("image", logits, torch.Generator(), outputs={"embedding": golden["embedding"][0]})
    positions = selection.greedy_select(halo.Halo().score(view), golden["picks"], radius=5)
    revealed = torch.zeros(view.size, dtype=torch.bool)
    for y, x in positions.tolist():
        revealed[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = True
    assert torch.equal(revealed, golden["selected"])
    closed = torch.zeros(view.size, dtype=torch.bool)
    for y, x in positions.tolist():
        closed[max(y - 5, 0) : y + 6, max(x - 5, 0) : x + 6] = True
    assert torch.equal(closed, golden["active"])
    labels = torch.where(revealed, golden["ground_truth"], torch.full_like(golden["ground_truth"], 255))
    assert torch.equal(labels, golden["active_mask"])


def untied(logits: torch.Tensor) -> torch.Tensor:
    """Return logits (N, C, H, W) in which the class leads that torch.topk, and so their code, names first."""
    best, classes = logits.topk(2, dim=1)
    tied = best[:, :1] == best[:, 1:]
    ahead = torch.where(tied, torch.nextafter(best[:, :1], torch.tensor(torch.inf)), best[:, :1])
    return logits.scatter(1, classes[:, :1], ahead)


def check_mulactseg_acquisition(arrays: Arrays, key: str, suffix: str, temperature: float) -> None:
    golden = Tensors(arrays)
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
    weights = acquisition.prepare(observe(acquisition, views), parts_of_views(views, count=1))
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
        assert_near(ours[in_pool], theirs[in_pool])


def check_ranks_of_cai_and_amsl(arrays: Arrays) -> None:
    golden = Tensors(arrays)
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


def check_the_method_ranks_as_cai_do(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    kept = observations_of(
        [{"uncertainty": golden["uncertainty"].flatten(), "classes": golden["dominant_class"].byte()}]
    )
    pool = parts_of_pool(
        [golden["region_pixels"].tolist()],
        count=golden["k"],
        bought=golden["previously_selected"].tolist(),
        num_classes=golden["num_classes"],
    )
    ranked = class_balanced.ClassBalanced().rank(kept, pool)
    assert torch.equal(ranked[: golden["k"]], golden["selected_classbal"])


def check_amsl_merge(arrays: Arrays) -> None:
    golden = Tensors(arrays)
    probs, superpixels = golden["probabilities"].permute(2, 0, 1), golden["superpixels"]
    assert torch.equal(regions.region_sizes(superpixels), golden["region_size"])
    assert_near(regions.region_means(probs, superpixels), golden["region_mean_prob"])
    bvsb = uncertainty.bvsb(probs.log())
    assert_near(regions.region_means(bvsb, superpixels), golden["region_bvsb"])
    # The acquisition observes the same of every region.
    views = [view_of(probs, regions=superpixels, unit="region")]
    seen = observe(class_balanced.ClassBalanced(), views).column("uncertainty")
    assert_near(seen, golden["region_bvsb"])


CHECKS: dict[str, tuple[Check, ...]] = {
    "amsl_merge": (check_amsl_merge,),
    "badge_repo": (check_order_of_bald_in_badge,),
    "cai_classbal": (check_ranks_of_cai_and_amsl, check_the_method_ranks_as_cai_do),
    "d2ada_uncertainty": (check_d2ada_uncertainty,),
    "edald": (check_disagreement_of_edald, check_noise_of_power_bald),
    "halo": (
        check_scores_of_halo,
        partial(check_halo_on_networks, window=True, tag="radius_entropy_norm"),
        partial(check_halo_on_networks, window=False, tag="radius_pixelentropy_norm"),
        check_picks_of_halo,
    ),
    "image_scores": (check_image_scores,),
    "mulactseg_acquisition": tuple(
        partial(check_mulactseg_acquisition, key=key, suffix=suffix, temperature=temperature)
        for key, suffix in (("logits19", ""), ("logits20", "_banignore"))
        for temperature in (0.1, 1.0)
    ),
    "pixelpick": tuple(
        partial(check_pixelpick, name=name) for name in ("entropy", "least-confidence", "margin")
    ),
    "viewal_mc": (check_viewal_mc,),
}
"""The checks of each file."""
