"""Measure how much memory a call takes."""

import os
from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile


def peak_memory(function: Callable[[], object], device: torch.device | str = "cpu") -> int:
    """Return the most bytes that torch's allocator held at once during a call, beyond what it held before.

    On a CPU every allocation and release is taken from torch's profiler, those inside fused kernels too. (The
    process's own peak, `ru_maxrss`, never falls again: after importing torch it hides hundreds of megabytes.)

    Args:
        function: called once, without arguments. What it returns counts until it returns.
        device: where it computes, "cpu" or a CUDA device.

    Returns:
        Bytes.

    Raises:
        ValueError: a device that is neither.
    """
    device = torch.device(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        function()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    if device.type != "cpu":
        raise ValueError(f"device must be cpu or cuda; got {device}")
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or the profiler writes to the terminal each time it starts
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        function()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most
