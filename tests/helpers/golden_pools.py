"""Golden numbers of methods that rank the pool: what is drawn, clustered and given away in turns."""

from __future__ import annotations

import math
import re
from itertools import islice

import numpy as np
import torch

from alseg.toolkit.allocation import weighted_round_robin
from alseg.toolkit.clustering import k_means
from alseg.toolkit.diversity import (
    Draw,
    GradientEmbeddings,
    greedy_trials,
    herding,
    k_center_greedy,
    kmeans_plus_plus,
)
from alseg_methods.acquisitions.aada import importance
from alseg_methods.acquisitions.clue import cluster_examples
from alseg_methods.acquisitions.d2ada import class_weight, components_for, mixture_log_densities
from alseg_methods.acquisitions.mada import class_vectors, least_mean_squared_error
from alseg_methods.acquisitions.redal import importance_reweighted
from golden import Arrays, Check, assert_near, double

GREEDY_SEED = 1234
"""Of the numpy generator that CLUE and D2ADA give their k-means++."""


def numpy_draws(seed: int) -> Draw:
    generator = np.random.RandomState(seed)
    return lambda count: torch.from_numpy(generator.random_sample(count))


def check_badge_repo(arrays: Arrays) -> None:
    left = np.flatnonzero(~arrays["labelled"])
    gradients = GradientEmbeddings.of(double(arrays["probs"][left]), double(arrays["embedding"][left]))
    first = int(gradients.norms.argmax())
    draws = numpy_draws(int(arrays["badge_numpy_seed"]))
    picks = islice(kmeans_plus_plus(gradients.distances, len(left), first, draws), len(arrays["badge_picks"]))
    assert left[list(picks)].tolist() == arrays["badge_picks"].tolist()
    centers = k_center_greedy(double(arrays["embedding"]), torch.from_numpy(arrays["labelled"]))
    count = len(arrays["kcenter_picks_unordered"])
    assert sorted(islice(centers, count)) == sorted(arrays["kcenter_picks_unordered"].tolist())


def check_badge_distance(arrays: Arrays) -> None:
    gradients = GradientEmbeddings(double(arrays["residual"]), double(arrays["embedding"]))
    assert int(gradients.norms.argmax()) == arrays["first"]
    for index, distance in (("first", "distance_to_first"), ("other", "distance_to_other")):
        squared = gradients.distances(torch.tensor([int(arrays[index])]))[:, 0]
        # Squared, since single precision leaves 0.003 where a distance is 0.
        assert_near(squared, np.square(arrays[distance].astype(np.float64)))


def greedy_picks(gradients: GradientEmbeddings, count: int) -> list[int]:
    picks = kmeans_plus_plus(
        gradients.distances,
        len(gradients.residuals),
        int(gradients.residual_norms.argmax()),
        numpy_draws(GREEDY_SEED),
        trials=greedy_trials(count),
    )
    return list(islice(picks, count))


def check_d2ada_badge(arrays: Arrays) -> None:
    gradients = GradientEmbeddings.of(double(arrays["probs"]), double(arrays["features"]))
    picks = greedy_picks(gradients, len(arrays["picks"]))
    assert picks[0] == arrays["first"]
    assert picks == arrays["picks"].tolist()
    assert_near(gradients.distances(torch.tensor(picks[:1]))[:, 0], arrays["outer_distance_from_first"])


def check_clue_repo(arrays: Arrays) -> None:
    left = np.flatnonzero(~arrays["labelled"])
    logits, features = double(arrays["logits"][left]), torch.from_numpy(arrays["embedding"][left])
    probs = logits.softmax(dim=1)
    picks = greedy_picks(GradientEmbeddings.of(probs, features), len(arrays["badge_picks"]))
    assert picks[0] == arrays["badge_first"]
    assert picks == arrays["badge_picks_positions"].tolist()
    assert left[picks].tolist() == arrays["badge_picks"].tolist()

    entropy = torch.special.entr(probs).sum(dim=1)
    weight = importance(double(arrays["discriminator_logits"][left]).softmax(dim=1)[:, 1])
    assert_near(entropy, arrays["aada_entropy"])
    assert_near(weight, arrays["aada_weight"])
    assert_near(weight * entropy, arrays["aada_score"])
    # They draw from the best 2%.
    best = (weight * entropy).argsort(descending=True)[: math.ceil(0.02 * len(left))]
    assert set(arrays["aada_picks"]) <= set(left[best])

    theirs = arrays["clue_picks_unordered"]
    state = np.random.RandomState(int(arrays["clue_numpy_seed"]))
    ours = left[list(islice(cluster_examples(features, entropy, len(theirs), state), len(theirs)))]
    # Another version of scikit-learn draws other centres.
    same_version = str(arrays["sklearn_version"]) == __import__("sklearn").__version__
    assert len(set(ours)) == len(theirs)
    assert len(set(ours) & set(theirs)) >= (0.75 * len(theirs) if same_version else 1)


def check_d2ada_roundrobin(arrays: Arrays) -> None:
    lists = [[100 * number + member for member in range(n)] for number, n in enumerate(arrays["lengths"])]
    assert weighted_round_robin(lists, arrays["weights"].tolist()) == arrays["result"].tolist()


def check_d2ada_density(arrays: Arrays) -> None:
    # The code fits in 256 dimensions, in single precision; those that are not in the file are 0.
    source, target = (
        torch.nn.functional.pad(features, (0, 256 - features.shape[2]))
        for features in (
            torch.from_numpy(arrays[name]).float() for name in ("source_features", "target_features")
        )
    )
    (modulus,) = map(int, re.findall(r"% (\d+)", str(arrays["pool_rule"])))
    ranked, weights = [], []
    for number in arrays["classes"].tolist():
        of_source, of_class = (source[arrays["source_class"] == number], arrays["target_class"] == number)
        components = components_for(int(of_class.sum()))
        assert components == arrays[f"class{number}_components"]
        in_target = mixture_log_densities(target[of_class], target[of_class], components, 0)
        in_source = mixture_log_densities(of_source, target[of_class], components, 0)
        importance = in_target - in_source
        theirs = double(arrays[f"class{number}_log_target"]) - double(arrays[f"class{number}_log_source"])
        assert_near(importance, theirs)
        weights.append(class_weight(importance))
        best = importance.argsort(descending=True, stable=True)[:200]
        images, regions = (axis[best] for axis in np.nonzero(of_class))
        ranked.append([pair for pair in zip(images, regions, strict=True) if sum(pair) % modulus])
    assert weights == arrays["class_weights"].tolist()
    expected = list(zip(arrays["ranked_image"], arrays["ranked_region"], strict=True))
    assert weighted_round_robin(ranked, weights) == expected


def check_redal_diversity(arrays: Arrays) -> None:
    names, regions = arrays["image"].tolist(), arrays["region"].tolist()

    def ranked(scores: list[float]) -> list[int]:
        """Of equal scores the last image and region come first."""
        everything = zip(scores, names, regions, range(len(scores)), strict=True)
        return [index for *_, index in sorted(everything, reverse=True)]

    _, clusters = k_means(torch.from_numpy(arrays["features"]), int(arrays["n_clusters"]), 0)
    # The function was given a list that was not ranked yet, but clusters in the order of the ranking, so that
    # region i has the cluster of the i-th best.
    clusters = clusters[ranked(arrays["score"].tolist())]
    scores = importance_reweighted(double(arrays["score"]), clusters, float(arrays["decay"]))
    order = ranked(scores.tolist())
    assert_near(scores[order], arrays["ranked_score"])
    assert [names[index] for index in order] == arrays["ranked_image"].tolist()
    assert [regions[index] for index in order] == arrays["ranked_region"].tolist()


def check_mada(arrays: Arrays) -> None:
    vectors = []
    for logits, features in zip(arrays["logits"], arrays["features8"], strict=True):
        given = torch.from_numpy(features).float()
        vectors.append(class_vectors(given, double(logits).argmax(dim=0), len(logits), least=10))
    assert_near(torch.stack(vectors), arrays["class_vectors8"])
    assert np.array_equal(torch.stack(vectors).abs().sum(dim=2) > 0, arrays["present"])
    anchors = double(arrays["anchors"])
    repeats = anchors.shape[2] // vectors[0].shape[1]
    repeated = torch.stack(vectors).repeat(1, 1, repeats)
    assert_near(least_mean_squared_error(repeated.flatten(1), anchors.flatten(1)), arrays["min_mse"])


def check_edald(arrays: Arrays) -> None:
    features, bandwidth = double(arrays["features"]), float(arrays["herding_sigma"])
    for name, earlier in (
        ("herding_selected", None),
        ("herding_selected_given_first5", features[:5] + 0.1),
    ):
        picks = islice(herding(features, bandwidth, earlier), len(arrays[name]))
        assert list(picks) == arrays[name].tolist()


CHECKS: dict[str, tuple[Check, ...]] = {
    "badge_distance": (check_badge_distance,),
    "badge_repo": (check_badge_repo,),
    "clue_repo": (check_clue_repo,),
    "d2ada_badge": (check_d2ada_badge,),
    "d2ada_density": (check_d2ada_density,),
    "d2ada_roundrobin": (check_d2ada_roundrobin,),
    "edald": (check_edald,),
    "mada": (check_mada,),
    "redal_diversity": (check_redal_diversity,),
}
"""The checks of each file."""
