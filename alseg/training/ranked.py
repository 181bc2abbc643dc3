"""What makes a run impossible over several ranks, known before it starts."""

from __future__ import annotations

from math import gcd

from alseg.contracts import TrainingPlan


def batch_problem(plan: TrainingPlan, ranks: int) -> str | None:
    """Return why the batches of a recipe cannot be divided, with the remedy; None where they can.

    Args:
        plan: The recipe's.
        ranks: How many processes take each step together, each with a device of its own.
    """
    sizes = {"source": plan.source.batch_size, "target": plan.target.batch_size}
    odd = [f"{size} {domain}" for domain, size in sizes.items() if size % ranks]
    if not odd:
        return None
    common = gcd(*sizes.values())
    able = " or ".join(str(number) for number in range(1, common + 1) if common % number == 0)
    return (
        f"batches of {' and '.join(odd)} images cannot be divided among {ranks} devices. Choose batches of "
        f"multiples of {ranks}, or {able} device{'' if able == '1' else 's'}."
    )
