"""Checkpoints: written whole or not at all, read without unpickling, refused when they belong to another model.

A run's folder holds `checkpoint-000001` and so on, of which only the newest is kept:

    model.safetensors   the weights as they stand
    best.safetensors    those of the best epoch, where one is looked for; of means, else, those of the last epoch
    history.jsonl       the records so far
    identity.json       what the weights belong to
    state.pt            optimizer, schedule, loss scale, random numbers, position: tensors and numbers
"""

import io
import json
import os
import pickle
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnbook.extras import require
from attnbook.training.history import History

with require("train"):
    from safetensors import SafetensorError
    from safetensors.torch import load, save

FILES = ("model.safetensors", "history.jsonl", "identity.json", "state.pt")
NAME = "checkpoint-{:06d}"
UNFINISHED = ".unfinished-"
DAMAGE = (SafetensorError, pickle.UnpicklingError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError)

Identity = Mapping[str, Mapping[str, object]]


class Checkpoint(NamedTuple):
    """All that a run needs to go on."""

    weights: dict[str, Tensor]
    best: dict[str, Tensor] | None
    history: History
    state: dict[str, object]


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copy a model's parameters and buffers to the CPU; tied ones become separate copies."""
    return {name: tensor.detach().cpu().clone().contiguous() for name, tensor in model.state_dict().items()}


def identity_of(model: nn.Module, identity: Mapping[str, object] | None) -> dict[str, dict[str, object]]:
    """Say what a checkpoint of this model belongs to.

    Args:
        model: its names and shapes count.
        identity: what else must be the same, such as a vocabulary's hash; anything that JSON can hold.

    Returns:
        The names and shapes, and the identity as JSON reads it back.

    Raises:
        TypeError: an identity that JSON cannot hold.
    """
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    return {"weights": shapes, "identity": json.loads(json.dumps(dict(identity or {})))}


def newest_checkpoint(folder: Path) -> Path | None:
    """Find the newest complete checkpoint of a folder; None where there is none."""
    complete = [path for path in _checkpoints(folder) if all((path / name).is_file() for name in FILES)]
    return max(complete, key=_number, default=None)


def write_checkpoint(folder: Path, checkpoint: Checkpoint, identity: Identity) -> Path:
    """Write a checkpoint under another name, then rename it, then remove those before it.

    Killed at any point, it leaves the new one or the one before. One run at a time may write into a folder.

    Returns:
        The folder of the checkpoint.

    Raises:
        OSError: it could not be written (a full disk, say); the one before is still there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob(f"{UNFINISHED}*"):
            shutil.rmtree(left_over)
        older = _checkpoints(folder)
        path = folder / NAME.format(max(map(_number, older), default=0) + 1)
        part = folder / f"{UNFINISHED}{path.name}"
        try:
            part.mkdir()
            for name, content in _contents(checkpoint, identity).items():
                _write_through(part / name, content)
            os.replace(part, path)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        reason = f"{error.strerror}; this checkpoint is not written, the one before still stands"
        raise OSError(error.errno, reason, str(folder)) from error
    for path_before in older:
        retired = folder / f"{UNFINISHED}{path_before.name}"
        os.replace(path_before, retired)
        shutil.rmtree(retired)
    return path


def read_checkpoint(folder: Path, identity: Identity) -> Checkpoint | None:
    """Read the newest complete checkpoint.

    Args:
        folder: of the run.
        identity: what it must belong to; what the checkpoint says beyond that is not compared.

    Returns:
        The checkpoint, on the CPU; None where there is none.

    Raises:
        ValueError: it belongs to another model, vocabulary or run, or it is damaged. Nothing is ever unpickled.
    """
    path = newest_checkpoint(folder)
    if path is None:
        return None
    contents = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    try:
        differences = _differences(json.loads(contents["identity.json"]), identity)
        if not differences:
            best = contents.get("best.safetensors")
            return Checkpoint(
                load(contents["model.safetensors"]),
                None if best is None else load(best),
                History.from_lines(contents["history.jsonl"].decode()),
                torch.load(io.BytesIO(contents["state.pt"]), map_location="cpu", weights_only=True),
            )
    except DAMAGE as error:
        kind = type(error).__name__
        raise ValueError(f"{path} is damaged, or holds more than tensors and numbers ({kind}); not read") from error
    shown = "; ".join(differences[:5]) + ("; …" if len(differences) > 5 else "")
    raise ValueError(f"{path} belongs to another model, vocabulary or run: {shown}. Choose another folder")


def load_weights(model: nn.Module, folder: Path | str, identity: Mapping[str, object] | None = None) -> History:
    """Give a model the weights of a run: the best ones where the run looked for them, else the last.

    Args:
        model: of the same names and shapes.
        folder: that `fit` was given.
        identity: that `fit` was given; entries given here must be the same there.

    Returns:
        The run's history.

    Raises:
        ValueError: the checkpoint belongs to another model or vocabulary, or is damaged.
        FileNotFoundError: there is no complete checkpoint.
    """
    checkpoint = read_checkpoint(Path(folder), identity_of(model, identity))
    if checkpoint is None:
        raise FileNotFoundError(f"no complete checkpoint in {folder}")
    model.load_state_dict(checkpoint.best or checkpoint.weights)
    return checkpoint.history


def _checkpoints(folder: Path) -> list[Path]:
    return [path for path in folder.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d{6,}", path.name)]


def _number(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _contents(checkpoint: Checkpoint, identity: Identity) -> dict[str, bytes]:
    state = io.BytesIO()
    torch.save(checkpoint.state, state)
    contents = {
        "model.safetensors": save(checkpoint.weights),
        "history.jsonl": checkpoint.history.to_lines().encode(),
        "identity.json": json.dumps(identity, indent=1).encode(),
        "state.pt": state.getvalue(),
    }
    return contents if checkpoint.best is None else {**contents, "best.safetensors": save(checkpoint.best)}


def _write_through(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it, so that the rename never comes first."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _differences(found: Identity, expected: Identity) -> list[str]:
    """Say for each entry that differs what the checkpoint has and what is here."""
    differences = []
    for section, entries in expected.items():
        there = found[section]
        # The shapes must agree both ways; of the rest, only what is asked for counts.
        names = dict.fromkeys((*entries, *there)) if section == "weights" else entries
        absent = "nothing" if section == "weights" else None  # a run's setting may be younger than its checkpoint
        for name in names:
            if there.get(name, absent) != entries.get(name, absent):
                both = f"{there.get(name, 'nothing')!r} in the checkpoint, {entries.get(name, 'nothing')!r} here"
                differences.append(f"{name}: {both}")
    return differences
