"""The state of all random numbers of a process, taken and put back."""

import random

import numpy as np
import torch


def random_states(device: torch.device) -> dict[str, object]:
    """Take the state of Python's, numpy's and torch's generators, and of the GPU's where the device is one.

    Returns:
        Tensors, numbers, lists and tuples only: what torch reads with `weights_only=True`.
    """
    algorithm, words, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (algorithm, words.tolist(), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }


def restore_random_states(states: dict[str, object], device: torch.device) -> None:
    """Put back what `random_states` took; states of a GPU are left out on a machine without one."""
    random.setstate(states["python"])
    algorithm, words, *rest = states["numpy"]
    np.random.set_state((algorithm, np.array(words, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"])
    if device.type == "cuda" and states["cuda"] is not None:
        torch.cuda.set_rng_state(states["cuda"], device)
