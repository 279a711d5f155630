"""What the kit is held to: for each of its layers a PyTorch model with random weights, exported with its outputs.

`python make.py` writes the folders beside this file anew. Each function gives (model, inputs) for `attnbook export`.
"""

from pathlib import Path

import torch
from attnbook import MultiHeadAttention
from attnbook.cli import main
from torch import Tensor, nn
from torch.nn import functional as F

Inputs = list[tuple[Tensor, ...]]


def randomise(model: nn.Module) -> nn.Module:
    """Give every parameter a random value: zeros and ones, as torch starts some with, would hide mistakes."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.5)
    return model


def linear() -> tuple[nn.Module, Inputs]:
    """With and without a bias, on matrices and on more axes."""

    class Linears(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.biased, self.plain = nn.Linear(4, 3), nn.Linear(4, 5, bias=False)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"biased": self.biased(x), "plain": self.plain(x)}

    return randomise(Linears()), [(torch.randn(3, 4),), (torch.randn(2, 7, 4),), (torch.randn(4),)]


def embedding() -> tuple[nn.Module, Inputs]:
    """A token table."""
    return randomise(nn.Embedding(10, 4)), [(torch.tensor([3, 0, 9]),), (torch.tensor([9, 9, 1, 2, 7, 0]),)]


class Recurrent(nn.Module):
    """One layer, two layers in both directions with given states, and a single cell without biases."""

    def __init__(self, kind: type[nn.RNNBase], cell: type[nn.RNNCellBase], num_states: int) -> None:
        super().__init__()
        self.one = kind(3, 5)
        self.deep = kind(3, 4, num_layers=2, bidirectional=True)
        self.cell = cell(3, 5, bias=False)
        self.num_states = num_states

    def forward(self, x: Tensor, *initial: Tensor) -> dict[str, object]:
        """Take x (T, 3) and for each state of the layer its initial value (4, 4)."""
        start = initial if self.num_states > 1 else initial[0]
        state = self.cell(x[0])
        state = self.cell(x[1], state)
        return {"one": self.one(x), "deep": self.deep(x, start), "cell": state}


def recurrent_inputs(num_states: int) -> Inputs:
    """Sequences of two lengths with initial states."""
    return [tuple([torch.randn(length, 3)] + [torch.randn(4, 4)] * num_states) for length in (3, 8)]


def gru() -> tuple[nn.Module, Inputs]:
    """torch.nn.GRU and GRUCell."""
    return randomise(Recurrent(nn.GRU, nn.GRUCell, 1)), recurrent_inputs(1)


def lstm() -> tuple[nn.Module, Inputs]:
    """torch.nn.LSTM and LSTMCell."""
    return randomise(Recurrent(nn.LSTM, nn.LSTMCell, 2)), recurrent_inputs(2)


class Attention(nn.Module):
    """Torch's scaled dot-product attention: plain, causal, with another scale, and with a mask that empties a row."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> dict[str, dict[str, Tensor]]:
        """Take query (Lq, E), key (Lk, E), value (Lk, Ev), mask (Lq, Lk); True = may attend."""
        size = (query.size(0), key.size(0))
        all_allowed = torch.ones(size, dtype=torch.bool)
        causal = all_allowed.tril(diagonal=size[1] - size[0])  # aligned at the bottom right
        variants = {"plain": (all_allowed, None), "causal": (causal, None), "masked": (mask, None)}
        return {
            name: {
                "output": F.scaled_dot_product_attention(query, key, value, allowed, scale=scale),
                "weights": F.scaled_dot_product_attention(query, key, torch.eye(size[1]), allowed, scale=scale),
            }
            for name, (allowed, scale) in {**variants, "scaled": (all_allowed, 2.5)}.items()
        }


def attention() -> tuple[nn.Module, Inputs]:
    """As many queries as keys, more queries than keys, and fewer."""
    inputs = []
    for num_queries, num_keys in ((4, 4), (5, 3), (2, 6)):
        mask = torch.rand(num_queries, num_keys) < 0.6
        mask[1] = False
        inputs.append((torch.randn(num_queries, 4), torch.randn(num_keys, 4), torch.randn(num_keys, 3), mask))
    return Attention(), inputs


class ManyHeads(nn.Module):
    """Torch's multi-head attention on itself and across sizes, and the book's with shared key-value heads."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = nn.MultiheadAttention(6, 3)
        self.across = nn.MultiheadAttention(6, 2, bias=False, kdim=4, vdim=5)
        self.book = MultiHeadAttention(6, 6, num_kv_heads=2, kdim=4, vdim=5)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> dict[str, dict[str, Tensor]]:
        """Take query (Lq, 6), key (Lk, 4), value (Lk, 5), mask (Lq, Lq); True = may attend."""
        itself = self.itself(query, query, query, attn_mask=~mask, average_attn_weights=False)
        across = self.across(query, key, value, average_attn_weights=False)
        book = self.book(query[None], key[None], value[None], need_weights=True)
        return {
            "itself": {"output": itself[0], "weights": itself[1]},
            "across": {"output": across[0], "weights": across[1]},
            "book": {"output": book.output[0], "weights": book.weights[0]},
        }


def multi_head() -> tuple[nn.Module, Inputs]:
    """Two pairs of lengths."""
    inputs = []
    for num_queries, num_keys in ((3, 4), (6, 2)):
        mask = (torch.rand(num_queries, num_queries) < 0.5) | torch.eye(num_queries, dtype=torch.bool)
        inputs.append((torch.randn(num_queries, 6), torch.randn(num_keys, 4), torch.randn(num_keys, 5), mask))
    return randomise(ManyHeads()), inputs


def layer_norm() -> tuple[nn.Module, Inputs]:
    """With a bias and another epsilon, and without a bias; a row that hardly varies."""

    class Norms(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.biased, self.plain = nn.LayerNorm(6, eps=1e-3), nn.LayerNorm(6, bias=False)

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"biased": self.biased(x), "plain": self.plain(x)}

    return randomise(Norms()), [(torch.randn(3, 6) * 3 + 5,), (torch.randn(2, 4, 6) * 0.01,)]


def convolution() -> tuple[nn.Module, Inputs]:
    """Pictures and lines; steps, edges, gaps, groups, and sizes that differ between the axes."""

    class Convolutions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.plain = nn.Conv2d(4, 3, 3)
            self.strided = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)
            self.deep = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
            self.line = nn.Conv1d(4, 2, 3, stride=2, padding=2, dilation=2)

        def forward(self, picture: Tensor, line: Tensor) -> dict[str, Tensor]:
            on_picture = {name: getattr(self, name)(picture) for name in ("plain", "strided", "deep")}
            return {**on_picture, "line": self.line(line)}

    inputs = [(torch.randn(4, height, width), torch.randn(4, width)) for height, width in ((5, 6), (8, 3))]
    return randomise(Convolutions()), inputs


class Activations(nn.Module):
    """The functions between the layers."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Take x (..., C)."""
        outputs = {function.__name__: function(x) for function in (torch.tanh, torch.sigmoid, torch.relu, F.gelu)}
        return {**outputs, "softmax": x.softmax(-1)}


def activations() -> tuple[nn.Module, Inputs]:
    """A fine range, and numbers that overflow an exponential."""
    far = torch.tensor([[-200.0, -90, -30, 0, 30, 90, 200], [1e-30, -1e-6, 88.8, 89, 4.5, -4.5, -6]])
    return Activations(), [(torch.linspace(-7, 7, 57),), (far,)]


def encoder() -> tuple[nn.Module, Inputs]:
    """A whole layer of torch's Transformer, normalised first."""
    layer = nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", norm_first=True, batch_first=True)
    return randomise(layer), [(torch.randn(3, 8),), (torch.randn(7, 8),)]


LAYERS = (
    linear,
    embedding,
    gru,
    lstm,
    attention,
    multi_head,
    layer_norm,
    convolution,
    activations,
    encoder,
)

if __name__ == "__main__":
    folder = Path(__file__).parent
    for layer in LAYERS:
        if main(["export", f"{__file__}:{layer.__name__}", str(folder / layer.__name__)]):
            raise SystemExit(1)
