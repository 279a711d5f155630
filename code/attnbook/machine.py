"""The machine that numbers come from, and the commit, as result files name them."""

import os
import platform
import re
import subprocess
from pathlib import Path

import torch


def check_device(device: str) -> None:
    """Refuse a device that this machine does not have.

    Args:
        device: torch's name of it, such as "cuda".

    Raises:
        ValueError: the name is unknown to torch, or the device is not there.
    """
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ValueError(f"device {device!r} is not usable here: {str(error).splitlines()[0]}") from error


def current_commit() -> str | None:
    """The commit that is checked out, with `-dirty` when files differ from it; None outside git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def processor() -> str:
    """The name of this machine's processor."""
    information = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*:\s*(.+)", information.read_text()) if information.exists() else None
    return named[1].strip() if named else platform.processor() or platform.machine()


def origin(command: str) -> dict[str, object]:
    """Where the numbers of a result file come from.

    Args:
        command: the command line as it was typed.

    Returns:
        command, commit, machine, python and torch.
    """
    return {
        "command": command,
        "commit": current_commit(),
        "machine": {"processor": processor(), "cores": os.cpu_count()},
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
