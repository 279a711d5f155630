"""One run of training: its updates, its records, its checkpoints."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from attnbook.extras import require
from attnbook.training.checkpoint import Checkpoint, read_checkpoint, weights_of, write_checkpoint
from attnbook.training.history import History
from attnbook.training.randomness import random_states, restore_random_states

with require("train"):
    from accelerate import Accelerator
    from accelerate.utils import broadcast_object_list, find_batch_size, gather_object, send_to_device, slice_tensors
    from tqdm.auto import tqdm

Loss = Callable[[nn.Module, Any], tuple[Tensor, Tensor | float]]
Evaluate = Callable[[nn.Module], Mapping[str, float]]
Batches = Callable[[int], Iterable[Any]]


@dataclass
class Counters:
    """Where a run stands: `position` batches into an epoch, of which it has summed the rest."""

    position: int = 0
    step: int = 0
    total: float = 0.0
    count: float = 0.0
    seconds: float = 0.0
    learning_rate: float = 0.0


@dataclass
class Run:
    """What `fit` was given, how far it has come, and the steps in which it goes on; `parallel` is the model, shared."""

    model: nn.Module
    parallel: nn.Module
    loss: Loss
    optimizer: Any
    scheduler: Any
    accelerator: Accelerator
    device: torch.device
    accumulate: int
    average: AveragedModel | None
    clip: float | None
    best: str | None
    better: str
    folder: Path | None
    save_every: int | None
    identity: Mapping[str, Mapping[str, object]]
    show: bool
    history: History = field(default_factory=History)
    counters: Counters = field(default_factory=Counters)
    best_weights: dict[str, Tensor] | None = None

    def train_epoch(self, batches: Batches) -> None:
        """Train on what is left of the epoch."""
        self.model.train()
        epoch, counters = len(self.history) + 1, self.counters
        before = random_states(self.device)
        source = batches(epoch)
        left = iter(source)  # a DataLoader draws a number here
        if counters.position:
            for _ in islice(left, counters.position):
                pass
            restore_random_states(before, self.device)
        size = len(source) if isinstance(source, Sized) else None
        options = {"total": size, "initial": counters.position, "unit": "batch", "leave": False}
        with tqdm(desc=f"epoch {epoch}", disable=not self.show, **options) as bar:
            while group := list(islice(left, self.accumulate)):
                self._update(group)
                bar.update(len(group))
                bar.set_postfix(loss=f"{counters.total / counters.count:.4f}", refresh=False)
                if self.save_every and counters.step % self.save_every == 0:
                    self.save()
        if not counters.position:
            raise ValueError(f"batches({epoch}) gave no batch")

    def _update(self, group: Sequence[Any]) -> None:
        started, counters, processes = time.perf_counter(), self.counters, self.accelerator.num_processes
        sums = torch.zeros(2, device=self.device)  # of the losses, and their number
        for number, batch in enumerate(group, 1):
            share, weight = _share_of(batch, self.accelerator.process_index, processes)
            # Only the last backward pass of an update exchanges gradients.
            with nullcontext() if number == len(group) else self.accelerator.no_sync(self.parallel):
                total, count = self.loss(self.parallel, send_to_device(share, self.device))
                self.accelerator.backward(total * weight)
            sums[0] += total.detach() * weight
            sums[1] += count * weight
        total, count = self.accelerator.reduce(sums, "sum").tolist()
        counters.step += 1
        if not count > 0 or not math.isfinite(total):
            raise FloatingPointError(f"update {counters.step}: the loss is {total} over a count of {count:g}")
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(processes / count)  # several processes have averaged their gradients
        if self.clip is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.clip)
        counters.learning_rate = self.optimizer.param_groups[0]["lr"]
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.average:
            self.average.update_parameters(self.model)
        if self.scheduler and not self.optimizer.step_was_skipped:
            self.scheduler.step()
        counters.position += len(group)
        counters.total += total
        counters.count += count
        counters.seconds += time.perf_counter() - started

    def close_epoch(self, evaluate: Evaluate | None) -> None:
        """Evaluate, record, and keep the weights when they are the best so far; means also where none is best."""
        counters, model = self.counters, self.average.module if self.average else self.model
        record = {
            "epoch": len(self.history) + 1,
            "step": counters.step,
            "loss": counters.total / counters.count,
            "count": counters.count,
            "learning_rate": counters.learning_rate,
            "seconds": counters.seconds,
        }
        if evaluate:
            model.eval()
            with torch.no_grad():
                (metrics,) = broadcast_object_list([_numbers(evaluate(model), record)])
            record.update(metrics)
        self.history.append(record)
        best = self.history.best(self.best, self.better) if self.best else None
        if best == len(self.history) - 1 or (self.average and best is None):
            self.best_weights = weights_of(model)
        self.counters = Counters(step=counters.step, learning_rate=counters.learning_rate)

    def has_waited(self, patience: int | None) -> bool:
        """Say whether that many epochs have passed since the best one."""
        if patience is None or not self.history:
            return False
        place = self.history.best(self.best, self.better)
        return len(self.history) - (0 if place is None else place + 1) >= patience

    def save(self) -> None:
        """Write a checkpoint, where there is a folder: the first process writes, all wait."""
        if self.folder is None:
            return
        scaler = self.accelerator.scaler
        state = {
            "counters": asdict(self.counters),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict() if self.scheduler else None,
            "scaler": scaler.state_dict() if scaler else None,
            "average": self.average.state_dict() if self.average else None,
            "random": gather_object([random_states(self.device)]),  # one entry a process
        }
        if self.accelerator.is_main_process:
            checkpoint = Checkpoint(weights_of(self.model), self.best_weights, self.history, state)
            write_checkpoint(self.folder, checkpoint, self.identity)
        self.accelerator.wait_for_everyone()

    def restore(self) -> None:
        """Take up the folder's checkpoint, where there is one."""
        checkpoint = None if self.folder is None else read_checkpoint(self.folder, self.identity)
        if checkpoint is None:
            return
        state = checkpoint.state
        self.model.load_state_dict(checkpoint.weights)
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler:
            self.scheduler.load_state_dict(state["scheduler"])
        if self.accelerator.scaler:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        if self.average:
            self.average.load_state_dict(state["average"])
        self.history, self.best_weights = checkpoint.history, checkpoint.best
        self.counters = Counters(**state["counters"])
        if self.accelerator.process_index < len(state["random"]):
            restore_random_states(state["random"][self.accelerator.process_index], self.device)


def _share_of(batch: Any, process: int, processes: int) -> tuple[Any, float]:
    """Cut out one process's rows; where there are too few, a row for nothing: all must take part in the exchange."""
    if processes == 1:
        return batch, 1.0
    rows = find_batch_size(batch)
    start, stop = (rows * index // processes for index in (process, process + 1))
    return slice_tensors(batch, slice(start, max(stop, start + 1))), float(stop > start)


def _numbers(metrics: Mapping[str, object], record: Mapping[str, float]) -> dict[str, float]:
    taken = [name for name in metrics if name in record]
    if taken:
        raise ValueError(f"evaluate returned {', '.join(taken)}, which fit records itself; choose another name")
    try:
        return {name: float(value) for name, value in metrics.items()}
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"evaluate must return numbers by name; got {metrics!r}") from None
