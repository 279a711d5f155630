"""How the learning rate moves: schedules with a warm-up, by name."""

from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from attnbook.checks import check_whole

Schedule = Callable[[Optimizer], LRScheduler]

SCHEDULES = ("constant", "linear", "inverse_square_root", "one_cycle")


def create_schedule(name: str, *, warmup: int = 0, steps: int | None = None) -> Schedule:
    """Make a schedule for `fit`. Its highest learning rate is the optimizer's own.

    With n the number of the update, from 1, the learning rate is multiplied by

    * "constant": min(1, n / warmup).
    * "linear": the same, then in a straight line towards zero, which it would reach one update after `steps`.
    * "inverse_square_root": min(n / warmup, √(warmup / n)) (Vaswani et al. 2017, eq. 3, arXiv:1706.03762); their
      learning rates come out with (d_model · warmup)^-0.5 as the optimizer's.
    * "one_cycle": torch's OneCycleLR, up for `warmup` updates (three tenths of all when 0), then down along a cosine
      (Smith and Topin 2017, arXiv:1708.07120); momentum stays as it is.

    Args:
        name: one of `SCHEDULES`.
        warmup: updates until the learning rate is highest.
        steps: updates in all; "linear" and "one_cycle" need it.

    Returns:
        A function that puts the schedule on an optimizer.

    Raises:
        ValueError: no such name, no `steps` where they are needed, or a warm-up that does not fit.
        TypeError: numbers that are not whole.
    """
    if name not in SCHEDULES:
        raise ValueError(f"unknown schedule {name!r}; allowed: {', '.join(SCHEDULES)}")
    check_whole("warmup", warmup, 1 if name == "inverse_square_root" else 0)
    if name in ("linear", "one_cycle"):
        if steps is None:
            raise ValueError(f"schedule {name!r} needs steps, the number of updates in all")
        check_whole("steps", steps, 1)
        if warmup >= steps:
            raise ValueError(f"warmup must be shorter than the {steps} steps in all; got {warmup}")

    def rise(done: int) -> float:
        return min(1.0, (done + 1) / warmup) if warmup else 1.0

    def factor(done: int) -> float:
        if name == "linear":
            return min(rise(done), max(0.0, (steps - done) / (steps - warmup)))
        if name == "inverse_square_root":
            return min(rise(done), (warmup / (done + 1)) ** 0.5)
        return rise(done)

    def put_on(optimizer: Optimizer) -> LRScheduler:
        if name != "one_cycle":
            return LambdaLR(optimizer, factor)
        highest = [group["lr"] for group in optimizer.param_groups]
        rising = max(warmup, 1.5) / steps if warmup else 0.3  # torch would divide by warmup - 1
        return OneCycleLR(optimizer, highest, total_steps=steps, pct_start=rising, cycle_momentum=False)

    return put_on
