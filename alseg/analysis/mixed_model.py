"""A mixed model of several scenarios: methods fixed; scenarios, seeds and groups of images random."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy import special

from alseg.analysis.groups import ComparisonGroup, common_methods
from alseg.analysis.multiplicity import Corrected
from alseg.errors import AlsegError

_OF_RUNS = {"seed": "0 + C(seed)", "gain": "0 + C(method)"}
_OF_BLOCKS = {"block": "0 + C(block)", "block_gain": "0 + C(method):C(block)", "run": "0 + C(method):C(seed)"}
"""Components of variance within a scenario, as statsmodels wants them."""

_NAMES = {
    "seed": "seed",
    "gain": "method by scenario",
    "block": "image group",
    "block_gain": "method by image group",
    "run": "run",
}
"""What the components are called for people."""


@dataclass(frozen=True, kw_only=True)
class MixedDifference:
    """One method against the baseline, over scenarios and seeds.

    Attributes:
        method: Its name in every scenario.
        mean: In points of the metric.
        corrected: Simultaneous interval and p over all methods.
    """

    method: str
    mean: float
    corrected: Corrected


@dataclass(frozen=True, kw_only=True)
class MixedModel:
    """What was fitted.

    Attributes:
        baseline: Name of the method that differences are taken to.
        differences: In the order of the first scenario.
        spreads: Standard deviations in points, by what is random: ``scenario``, ``seed``, ``method by
            scenario`` and ``rest``; with image groups also ``image group``, ``method by image group`` and
            ``run``.
        scenarios: Titles of the groups that count.
        purchase: The annotation and budget that all methods have, in words.
    """

    baseline: str
    differences: tuple[MixedDifference, ...]
    spreads: dict[str, float]
    scenarios: tuple[str, ...]
    purchase: str


def mixed_model(groups: Sequence[ComparisonGroup]) -> MixedModel | None:
    """Fit the metric of every run by method, scenario, seed and, where known, groups of images.

    The difference between methods is fixed; scenarios, seeds within a scenario and what a method gains in one
    scenario more than in others are random. The last is what a claim about other scenarios hangs on. Where
    all runs have pseudo-values of blocks of images, these are the response. Blocks within a scenario and what
    a method gains on one block more than on others are then random, too.

    Args:
        groups: Of methods that buy alike, in which one asks at random.

    Returns:
        None where fewer than two scenarios share a baseline and another method with two seeds or more.

    Raises:
        AlsegError: If statsmodels is not installed, or the model cannot be fitted.

    Source:
        Laird and Ware, Biometrics 1982, by restricted maximum likelihood as statsmodels' MixedLM does. Its
        normal quantiles are replaced by those of t with (scenarios - 1) * (methods - 1) degrees of freedom,
        those of the balanced analysis of variance (Scheffe 1959, chapter 8): with few scenarios normal ones
        are far too narrow. Both are corrected for the number of methods by Bonferroni. Pseudo-values as the
        response: Dorfman, Berbaum and Metz, Investigative Radiology 1992.
    """
    methods, _ = common_methods({each.title: each.scores for each in groups})
    used = [
        each
        for each in groups
        if methods and all(len(each.scores.get(name, ())) > 1 for name in methods) and each.baseline
    ]
    baselines = {each.baseline for each in used}
    if len({each.scenario for each in used}) < 2 or len(methods) < 2 or len(baselines) != 1:
        return None
    (baseline,) = baselines
    if baseline not in methods:
        return None
    fit = _fit(used, methods, str(baseline))
    scenarios = len({each.scenario for each in used})
    freedom, family = (scenarios - 1) * (len(methods) - 1), len(methods) - 1
    quantile = -float(special.stdtrit(freedom, 0.025 / family))
    differences = []
    for name in methods:
        if name == baseline:
            continue
        term = f"C(method, Treatment({methods.index(str(baseline))}))[T.m{methods.index(name):03d}]"
        mean, error = float(fit.fe_params[term]), float(fit.bse_fe[term])
        p = min(1.0, family * 2 * float(special.stdtr(freedom, -abs(mean) / error))) if error > 0 else None
        differences.append(
            MixedDifference(method=name, mean=mean, corrected=Corrected(quantile * error, p, family))
        )
    return MixedModel(
        baseline=str(baseline),
        differences=tuple(differences),
        spreads=_spreads(fit),
        scenarios=tuple(each.title for each in used),
        purchase=used[0].purchase,
    )


def _spreads(fit: Any) -> dict[str, float]:
    """Return the standard deviations in points, by what is random."""
    components = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    named = {
        "scenario": fit.cov_re.iloc[0, 0],
        **{_NAMES[name]: components[name] for name in _NAMES if name in components},
        "rest": fit.scale,
    }
    return {name: math.sqrt(max(0.0, float(value))) for name, value in named.items()}


def _fit(groups: Sequence[ComparisonGroup], methods: Sequence[str], baseline: str):  # type: ignore[no-untyped-def]
    """Return statsmodels' fit; it and pandas take seconds to import, so that they are loaded here."""
    try:
        import pandas as pd
        from statsmodels.regression.mixed_linear_model import MixedLM
    except ImportError as error:
        raise AlsegError(
            "The mixed model needs statsmodels. Install it with 'pip install alseg[mixed]'."
        ) from error
    by_block = all(
        set(group.by_block.get(name, ())) >= set(group.scores[name]) for group in groups for name in methods
    )
    data = pd.DataFrame(
        [
            # Numbers in place of names, which may hold anything that a formula takes for its own.
            {
                "scenario": group.scenario,
                "method": f"m{number:03d}",
                "seed": seed,
                "block": block,
                "score": value,
            }
            for group in groups
            for number, name in enumerate(methods)
            for seed, score in group.scores[name].items()
            for block, value in enumerate(group.by_block[name][seed] if by_block else (score,))
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a component at 0, which the table shows
        try:
            return MixedLM.from_formula(
                f"score ~ C(method, Treatment({methods.index(baseline)}))",
                data,
                groups="scenario",
                re_formula="1",
                vc_formula=_OF_RUNS | (_OF_BLOCKS if by_block else {}),
            ).fit(reml=True)
        except Exception as error:  # NumPy's and statsmodels' own types
            raise AlsegError(f"The mixed model cannot be fitted: {error}.") from error
