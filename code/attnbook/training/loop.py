"""One training loop for notebook, GPU and cluster, on Hugging Face Accelerate."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attnbook.checks import check_whole
from attnbook.extras import require
from attnbook.training.checkpoint import identity_of
from attnbook.training.history import BETTER, History
from attnbook.training.run import Batches, Evaluate, Loss, Run
from attnbook.training.schedule import Schedule

with require("train"):
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from accelerate.utils import set_seed

PRECISIONS = ("no", "bf16", "fp16")
RECORDED = ("epoch", "step", "loss", "count", "learning_rate", "seconds")
"""What an epoch's record holds without `evaluate`."""
LEFT_BY_ACCELERATE = ("forward", "_original_forward", "_is_accelerate_prepared")
"""What accelerate puts on a model: left there, a second run would silently keep the first one's precision."""


def fit(
    model: nn.Module,
    batches: Batches,
    loss: Loss,
    *,
    optimizer: Optimizer,
    epochs: int,
    seed: int,
    schedule: Schedule | None = None,
    evaluate: Evaluate | None = None,
    best: str | None = None,
    better: str = "higher",
    patience: int | None = None,
    clip: float | None = 1.0,
    accumulate: int = 1,
    average: float | None = None,
    precision: str = "no",
    folder: Path | str | None = None,
    resume: bool = True,
    save_every: int | None = None,
    identity: Mapping[str, object] | None = None,
    progress: bool = True,
) -> History:
    """Train a model. Stopped and started again with a folder, a run gives bit for bit what an unbroken one gives.

    An update follows the mean over all that `accumulate` batches count, on all processes together: the sum of the
    losses by the sum of the counts, not a mean of means. Under `accelerate launch --multi_gpu --num_processes N` (on a
    CPU too: with `--cpu` it starts only one process) each process takes its rows of every batch, so that several
    processes train on what one would train on.

    Args:
        model: trained where it is; under `accelerate launch` on each process's own device. Afterwards it is in
            evaluation mode and has the best weights where `best` is given, else the last.
        batches: given the number of the epoch, from 1, its batches: tensors (B, ...), alone or in tuples, named
            tuples, lists or dictionaries. For a run that can go on inside an epoch, their order must come from a
            seed and this number alone.
        loss: given the model and a batch, the sum of its losses and their number. It calls the model itself, not a
            method of it, so that several processes can exchange gradients.
        optimizer: of the model's parameters.
        epochs: in all, those before a resumption among them. A schedule that knows its last step, such as one_cycle,
            cannot go on for more of them.
        seed: of Python's, numpy's and torch's random numbers; each process adds its number.
        schedule: from `create_schedule`; it moves at every update.
        evaluate: given the model in evaluation mode, without gradients, after each epoch, the numbers to record.
            Every process calls it; the first one's numbers count.
        best: name of the recorded number by which the best epoch is chosen.
        better: "higher" or "lower".
        patience: epochs without a better one after which the run stops.
        clip: largest norm of all gradients together; None leaves them as they are.
        accumulate: batches an update.
        average: share, such as 0.999, that a running mean of the weights keeps of itself at every update (Polyak and
            Juditsky 1992, doi:10.1137/0330046); it is evaluated, and what the model has afterwards, in the place of the
            weights themselves. What the random weights of the beginning have in it fades over 1 / (1 - average)
            updates: training should have many times as many. None takes no mean.
        precision: "no", "bf16", or on a GPU "fp16".
        folder: for checkpoints, written after every epoch; of this run alone.
        resume: go on from the folder's checkpoint; False begins anew and replaces it.
        save_every: updates after which a checkpoint is also written inside an epoch.
        identity: what a checkpoint belongs to beside the model's shapes, such as a vocabulary's hash.
        progress: show a bar where the error output is a terminal or a notebook.

    Returns:
        The history, one record an epoch, those before a resumption among them.

    Raises:
        ValueError: an argument that does not fit, no batches, or a checkpoint of another model or run.
        TypeError: numbers that are not whole, an identity that JSON cannot hold, a metric that is no number.
        FloatingPointError: a loss that is not finite.
        OSError: a checkpoint could not be written; the one before stands.
    """
    _check_numbers(epochs=epochs, accumulate=accumulate, seed=(seed, 0), patience=patience, save_every=save_every)
    if best is not None and evaluate is None and best not in RECORDED:
        raise ValueError(f"best={best!r} needs evaluate; without it epochs have {', '.join(RECORDED)}")
    _check_choices(model, optimizer, best, better, patience, clip, average, precision, folder, save_every)
    scheduler = schedule(optimizer) if schedule else None
    kinds = {"optimizer": type(optimizer).__name__, "schedule": type(scheduler).__name__ if scheduler else None}
    run_identity = {"seed": seed, "accumulate": accumulate, "average": average, "precision": precision, **kinds}
    own = {name: vars(model)[name] for name in LEFT_BY_ACCELERATE if name in vars(model)}
    accelerator, device = _accelerator(model, precision)
    set_seed((seed + accelerator.process_index) % 2**32)
    run = Run(
        model=model,
        parallel=accelerator.prepare_model(model, device_placement=accelerator.num_processes > 1),
        loss=loss,
        optimizer=accelerator.prepare_optimizer(optimizer, device_placement=accelerator.num_processes > 1),
        scheduler=scheduler,
        accelerator=accelerator,
        device=device,
        accumulate=accumulate,
        average=None if average is None else AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(average)),
        clip=clip,
        best=best,
        better=better,
        folder=None if folder is None else Path(folder),
        save_every=save_every,
        identity={**identity_of(model, identity), "run": run_identity},
        show=progress and accelerator.is_main_process and _is_watched(),
    )
    try:
        if resume:
            run.restore()
        while len(run.history) < epochs and not run.has_waited(patience):
            run.train_epoch(batches)
            run.close_epoch(evaluate)
            run.save()
    finally:
        for name in LEFT_BY_ACCELERATE:
            vars(model).pop(name, None)
        vars(model).update(own)
    if run.best_weights:
        model.load_state_dict(run.best_weights)
    model.eval()
    return run.history


def _accelerator(model: nn.Module, precision: str) -> tuple[Accelerator, torch.device]:
    """Stay on the model's device, or, with several processes, take the one that the launcher gave."""
    device = next(model.parameters()).device
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    # Accelerate keeps one state a process and would refuse a second run with another precision or device.
    AcceleratorState._reset_state(reset_partial_state=True)
    cpu = device.type == "cpu" and not (several and torch.cuda.is_available())
    accelerator = Accelerator(cpu=cpu, mixed_precision=precision)
    device = accelerator.device if several else device
    if precision == "fp16" and device.type == "cpu":
        raise ValueError("precision 'fp16' needs a GPU; on a CPU take 'bf16' or 'no'")
    return accelerator, device


def _is_watched() -> bool:
    """Say whether somebody sees a bar: on a terminal, or in a notebook, whose error output is ipykernel's."""
    return sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel")


def _check_numbers(**numbers: int | tuple[int, int] | None) -> None:
    """Refuse what is not whole or below its least, which is 1 where no other is given beside it."""
    for name, number in numbers.items():
        if number is not None:
            check_whole(name, *(number if isinstance(number, tuple) else (number, 1)))


def _check_choices(
    model: nn.Module,
    optimizer: Optimizer,
    best: str | None,
    better: str,
    patience: int | None,
    clip: float | None,
    average: float | None,
    precision: str,
    folder: Path | str | None,
    save_every: int | None,
) -> None:
    for name, value, allowed in (("better", better, BETTER), ("precision", precision, PRECISIONS)):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
    if patience is not None and best is None:
        raise ValueError("patience needs best, the name of the number by which an epoch is better")
    if save_every is not None and folder is None:
        raise ValueError("save_every needs a folder to write to")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be above 0, or None to leave gradients as they are; got {clip}")
    if average is not None and not 0 < average < 1:
        raise ValueError(f"average must lie between 0 and 1, or be None for no mean; got {average}")
    own = set(map(id, model.parameters()))
    if not all(id(parameter) in own for group in optimizer.param_groups for parameter in group["params"]):
        raise ValueError("the optimizer holds parameters that are not the model's")
