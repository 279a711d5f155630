"""A sequence read in both directions, padding left unread."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from attnbook.checks import check_whole

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class BothWays(nn.Module):
    """Bidirectional GRU or LSTM over padded vectors: the backward direction begins at each sequence's own last one.

    Sequences are mirrored within their lengths, which on a CPU costs less than torch's packed sequences.

    Args:
        input_dim: size of the vectors that are read.
        hidden_dim: size of the state of one direction.
        cell: "gru" or "lstm".

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, an unknown cell.
    """

    def __init__(self, input_dim: int, hidden_dim: int, *, cell: str = "gru") -> None:
        super().__init__()
        for name, size in {"input_dim": input_dim, "hidden_dim": hidden_dim}.items():
            check_whole(name, size, 1)
        if cell not in CELLS:
            raise ValueError(f"unknown cell {cell!r}; allowed: {', '.join(CELLS)}")
        self.forward_rnn = CELLS[cell](input_dim, hidden_dim, batch_first=True)
        self.backward_rnn = CELLS[cell](input_dim, hidden_dim, batch_first=True)

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Read a batch of sequences.

        Gradients also flow in evaluation mode, where cuDNN refuses its backward pass: torch's own kernels then run.

        Args:
            vectors: (B, L, input_dim), padded at the right.
            lengths: (B,) integers from 0 to L.

        Returns:
            States (B, L, 2 · hidden_dim), the forward direction's features first. What stands at padding means nothing:
            mask it.
        """
        positions = torch.arange(vectors.shape[1], device=vectors.device)
        ends = lengths.to(vectors.device)[:, None] - 1  # (B, 1)
        real = positions <= ends  # (B, L)
        mirrored = (ends - positions).where(real, positions)  # (B, L), its own inverse
        refused = not self.training and torch.is_grad_enabled() and vectors.requires_grad
        with torch.backends.cudnn.flags(enabled=False) if refused else nullcontext():
            rightward, _ = self.forward_rnn(vectors)  # (B, L, H)
            leftward, _ = self.backward_rnn(_pick(vectors, mirrored))
        return torch.cat([rightward, _pick(leftward, mirrored)], dim=-1)

    def last(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pick each direction's state after its last vector, which is the first one backward.

        Args:
            states: (B, L, 2 · hidden_dim), from `forward`.
            lengths: (B,), the same that `forward` was given.

        Returns:
            (B, 2 · hidden_dim); zeros for an empty sequence.
        """
        ends = lengths.to(states.device)[:, None] - 1  # (B, 1)
        rightward, leftward = states.chunk(2, dim=-1)
        last = torch.cat([_pick(rightward, ends.clamp(min=0))[:, 0], leftward[:, 0]], dim=-1)
        return last.masked_fill(ends < 0, 0.0)


def _pick(vectors: Tensor, positions: Tensor) -> Tensor:
    """The vectors (B, N, E) that stand at positions (B, N) of (B, L, E)."""
    rows = torch.arange(len(vectors), device=vectors.device)[:, None] * vectors.shape[1]  # (B, 1)
    # Whole rows at once: `gather` goes number by number, six times slower there and back.
    return vectors.flatten(0, 1).index_select(0, (rows + positions).flatten()).unflatten(0, positions.shape)
