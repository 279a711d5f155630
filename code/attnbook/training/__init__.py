"""Training: one loop for notebook, GPU and cluster, with checkpoints that lose nothing. It knows no task."""

from attnbook.training.checkpoint import load_weights
from attnbook.training.history import History
from attnbook.training.loop import fit
from attnbook.training.schedule import create_schedule

__all__ = ["History", "create_schedule", "fit", "load_weights"]
