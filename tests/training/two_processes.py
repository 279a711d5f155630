"""Runs that are made once by one process and once by two; as a script it writes what came out into a folder."""

import json
import os
import sys
from pathlib import Path

import torch
from attnbook.training import create_schedule, fit
from small_task import accuracy, batches, build, loss


def run(dropout: float = 0.0, epochs: int = 3, **options: object) -> dict[str, list[float]]:
    """Train and return the loss curve, the metric and the weights."""
    torch.set_num_threads(1)
    model, optimizer = build(dropout=dropout)
    schedule = create_schedule("constant", warmup=4)
    settings = {"evaluate": accuracy, "best": "loss", "better": "lower", "schedule": schedule, "clip": 0.5, **options}
    history = fit(model, batches, loss, optimizer=optimizer, epochs=epochs, seed=3, progress=False, **settings)
    curves = {name: history.values(name) for name in ("loss", "count", "step", "accuracy")}
    return {**curves, "weights": model.output.weight.flatten().tolist()}


def stopped_and_resumed(folder: Path, **options: object) -> dict[str, list[float]]:
    """Train for one epoch, then again up to three."""
    run(epochs=1, folder=folder, **options)
    return run(folder=folder, **options)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    found = {
        "processes": int(os.environ["WORLD_SIZE"]),
        "plain": run(),
        "accumulated": run(accumulate=4),
        "dropout": run(dropout=0.3),
        "dropout resumed": stopped_and_resumed(place / "run", dropout=0.3),
    }
    (place / f"process_{os.environ['RANK']}.json").write_text(json.dumps(found))
