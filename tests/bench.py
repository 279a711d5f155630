"""Speed and memory as ratios, A and B interleaved in one process: `make bench`.

Prints one line a comparison: the median and the least of the ratio A / B over many short rounds, and the bound
that it should keep. Absolute times say little on a shared machine; ratios taken in turn do.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from attnbook.attention import attend
from attnbook.layers.multi_head import MultiHeadAttention
from attnbook.memory import peak_memory
from attnbook.recorder import record_attention
from attnbook.streaming import streaming_attend
from bench_classification import classification_comparisons
from bench_faithfulness import faithfulness_comparisons
from bench_translation import translation_comparisons
from torch import nn
from torch.nn import functional as F

LENGTHS = (32, 128, 512, 2048)
# Batches of equal work, as training makes them; SMALL is one of four short sentences, where Python's own cost shows.
SHAPES = [(length, 8192 // length) for length in LENGTHS]
SMALL = (32, 4)


def ratio(ours: Callable[[], object], theirs: Callable[[], object], seconds: float = 3.0) -> list[float]:
    """Time the two in turn, order swapped each round, and return ours / theirs of every round."""
    for function in (ours, theirs, ours, theirs):
        function()
    start = time.perf_counter()
    theirs()
    repeats = max(1, int(0.002 / (time.perf_counter() - start)))
    ratios: list[float] = []
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(ratios) < 10:
        first, second = (ours, theirs) if len(ratios) % 2 else (theirs, ours)
        times = {}
        for function in (first, second):
            start = time.perf_counter()
            for _ in range(repeats):
                function()
            times[function] = time.perf_counter() - start
        ratios.append(times[ours] / times[theirs])
    return ratios


def report(name: str, ratios: list[float], bound: float) -> None:
    """Print median and least ratio beside the bound."""
    median = statistics.median(ratios)
    verdict = "ok" if median <= bound else "ABOVE"
    print(
        f"{name:<72} median {median:5.3f}  least {min(ratios):5.3f}  bound {bound:4.2f}  {verdict}",
        flush=True,
    )


def qkv(length: int, batch: int, heads: int = 4, size: int = 32) -> list[torch.Tensor]:
    """Random query, key and value (B, H, T, E) that want gradients."""
    return [torch.randn(batch, heads, length, size, requires_grad=True) for _ in range(3)]


def bench_attend(seconds: float) -> None:
    """`attend` without weights against the fused function that it calls, forward and backward."""
    for length, batch in [*SHAPES, SMALL]:
        query, key, value = qkv(length, batch)

        def ours():
            attend(query, key, value).output.sum().backward()

        def theirs():
            F.scaled_dot_product_attention(query, key, value).sum().backward()

        report(f"attend / F.scaled_dot_product_attention, B={batch} T={length}", ratio(ours, theirs, seconds), 1.02)


def bench_multi_head(seconds: float) -> None:
    """Our multi-head layer against torch's, with equal weights, forward and backward, with and without weights."""
    for need_weights in (False, True):
        for length, batch in [*SHAPES, SMALL]:
            torch_layer = nn.MultiheadAttention(128, 4, batch_first=True)
            layer = MultiHeadAttention.from_torch(torch_layer)
            x = torch.randn(batch, length, 128)

            def ours():
                layer(x, need_weights=need_weights).output.sum().backward()

            def theirs():
                options = {"need_weights": need_weights, "average_attn_weights": False}
                torch_layer(x, x, x, **options)[0].sum().backward()

            what = "with weights" if need_weights else "without weights"
            report(
                f"MultiHeadAttention / nn.MultiheadAttention {what}, B={batch} T={length}",
                ratio(ours, theirs, seconds),
                1.0,
            )


class Stack(nn.Module):
    """Six attention layers, one after the other, as in a small model; `options` choose how they are called."""

    def __init__(self, layer: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layer() for _ in range(6))

    def forward(self, x: torch.Tensor, **options: bool) -> torch.Tensor:
        for layer in self.layers:
            x = x + (layer(x, x, x, **options))[0]
        return x


def bench_recorder(seconds: float) -> None:
    """A forward pass under `record_attention` against the plain path that returns its weights.

    With gradients on, so that torch's layer does not take its native path in one of the two.
    """
    plain_options = {"need_weights": True}
    kinds = {
        "MultiHeadAttention": (lambda: MultiHeadAttention(128, 4), {}, plain_options),
        "nn.MultiheadAttention": (
            lambda: nn.MultiheadAttention(128, 4, batch_first=True),
            {"need_weights": False},
            {**plain_options, "average_attn_weights": False},
        ),
    }
    for name, (make, fused, plain) in kinds.items():
        model = Stack(make).eval()
        for length, batch in [*SHAPES, SMALL]:
            x = torch.randn(batch, length, 128)

            def recorded():
                with record_attention(model):
                    model(x, **fused)

            def returned():
                model(x, **plain)

            report(f"recorded / plain, six {name}, B={batch} T={length}", ratio(recorded, returned, seconds), 1.2)

    def never_recorded():
        fresh(x)

    def recorded_before():
        layer(x)

    layer, fresh = MultiHeadAttention(128, 4).eval(), MultiHeadAttention(128, 4).eval()
    x = torch.randn(4, 128, 128)
    with record_attention(layer):
        layer(x)
    report(
        "layer that was recorded before / never recorded",
        ratio(recorded_before, never_recorded, seconds),
        1.02,
    )


def bench_models(seconds: float) -> None:
    """Translation, classification and the grading of explanations, each against what its own file sets beside it."""
    for comparisons in (translation_comparisons, classification_comparisons, faithfulness_comparisons):
        for name, ours, theirs, bound in comparisons():
            report(name, ratio(ours, theirs, seconds), bound)


def bench_memory() -> None:
    """Peak extra memory of `streaming_attend` against the plain path at T = 8192, and how exact it is."""
    query, key, value = (torch.randn(1, 1, 8192, 64) for _ in range(3))
    streaming = peak_memory(lambda: streaming_attend(query, key, value))
    plain = peak_memory(lambda: attend(query, key, value, need_weights=True))
    report("peak extra memory, streaming / plain, T=8192", [streaming / plain], 0.1)
    query, key, value = (torch.randn(1, 1, 8192, 16, dtype=torch.float64) for _ in range(3))
    distance = streaming_attend(query, key, value).output - F.scaled_dot_product_attention(query, key, value)
    print(f"streaming_attend at T=8192 in float64: largest distance from torch's {distance.abs().max():.1e}")


def bench_import() -> None:
    """Seconds that `import attnbook` takes over `import torch`; the median of five."""
    code = "import torch, time; start = time.perf_counter(); import attnbook; print(time.perf_counter() - start)"
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    print(f"import attnbook takes {statistics.median(runs):.3f} s over import torch (bound 0.2)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each comparison")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, one thread; B=4, H=4, head size 32; ratios, lower is better for attnbook")
    bench_import()
    bench_memory()
    bench_attend(arguments.seconds)
    bench_multi_head(arguments.seconds)
    bench_recorder(arguments.seconds)
    bench_models(arguments.seconds)
