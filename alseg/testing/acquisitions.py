"""Does an acquisition keep the contract?"""

from __future__ import annotations

from typing import Any

from alseg.contracts import (
    AcquisitionSpec,
    ObservingAcquisition,
    Passes,
    PreparingAcquisition,
    RankingAcquisition,
    ScoreAcquisition,
    SelectAcquisition,
)
from alseg.testing.rankings import check_pools
from alseg.testing.scores import check_scores
from alseg.testing.selections import check_selections


def check_acquisition(spec: AcquisitionSpec, *, num_classes: int = 5, **params: Any) -> None:
    """Check an acquisition of any kind against its protocol in `alseg.contracts`.

    It is built and given made-up predictions, for each of its ``units``: doubtful ones, certain ones, all
    classes alike, a single pixel, the first and the last round; an acquisition of kind ``pool`` also pools of
    several images, of one, of images all alike, and with some parts bought, all but one, or all. Of what it
    may see it gets what its ``needs`` name, and the regions where questions are about regions; source images
    with their labels where ``observes`` names ``source``.

    Checked are dtypes, shapes, that nothing is NaN or changed, that all randomness comes from the generator
    and that no answer depends on other calls; of rankings and selections that they hold no part twice and
    none that is bought, of rankings that the budget can be spent, of selections that it suffices.

    Args:
        spec: The spec that the plugin registers.
        num_classes: Classes of the predictions, at least 2.
        params: Parameters for ``build``, where it has some without a default.

    Raises:
        AssertionError: Says what is not as it should be, and for which prediction or pool.
    """

    def build() -> Any:
        return spec.build(**params)

    acquisition = build()
    _check_spec(spec)
    _check_kind(spec, acquisition)
    if spec.kind == "select":
        check_selections(spec.name, acquisition)
        return
    check = check_pools if spec.kind == "pool" else check_scores
    check(spec, build, _passes(spec, acquisition), num_classes)


def _check_spec(spec: AcquisitionSpec) -> None:
    assert not spec.differs or (spec.differs.strip() and len(spec.differs.splitlines()) == 1), (
        f"'{spec.name}': differs must be one line of text or empty, got {spec.differs!r}"
    )
    assert spec.units, f"'{spec.name}': units is empty, so no annotation mode works with it"


def _check_kind(spec: AcquisitionSpec, acquisition: object) -> None:
    """Check that an object is what the kind of its spec says, and nothing else."""
    observes = isinstance(acquisition, ObservingAcquisition)
    selects = isinstance(acquisition, SelectAcquisition)
    if spec.kind == "select":
        assert selects, f"'{spec.name}' has no select, as its kind says"
        return
    if spec.kind == "score":
        assert isinstance(acquisition, ScoreAcquisition), f"'{spec.name}' has no score, as its kind says"
        assert not observes, f"'{spec.name}' has observe, so its kind must be 'pool', not 'score'"
    else:
        prepares = isinstance(acquisition, PreparingAcquisition)
        ranks = isinstance(acquisition, RankingAcquisition)
        assert observes, f"'{spec.name}' has no observe, as its kind says"
        assert prepares or ranks, f"'{spec.name}' has neither rank nor prepare and score, as its kind says"
        assert not (prepares and ranks), (
            f"'{spec.name}' has rank as well as prepare and score; its rank would never be called"
        )
    assert not selects, f"'{spec.name}' has select, so its kind must be 'select', not '{spec.kind}'"


def _passes(spec: AcquisitionSpec, acquisition: object) -> Passes | None:
    if "moments" not in spec.needs:
        return None
    passes = getattr(acquisition, "passes", None)
    assert isinstance(passes, Passes), (
        f"'{spec.name}' needs moments, so it must have an attribute passes of type alseg.contracts.Passes, "
        f"got {type(passes).__name__}"
    )
    least = passes.count == 2 if passes.source == "flip" else passes.count >= 2
    assert least, f"'{spec.name}': {passes.count} passes by {passes.source}; see alseg.contracts.Passes"
    return passes
