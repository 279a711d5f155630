"""Write square-root-of-d.json: scores, weights and gradients in float64, the gradient by PyTorch's own derivative."""

import functools
import json
from pathlib import Path

import numpy
import torch
from attnbook.scores import dot, scaled_dot
from torch.autograd.functional import jacobian

QUERIES, KEYS, LARGEST = 40, 16, 512
CASES = [(133, 2), (133, 3), (133, 64), (133, 512), (0, 100), (1, 5), (999_999, 128)]


def uniform(seed: int, count: int) -> numpy.ndarray:
    """Mulberry32's first numbers, in [0, 1).

    Args:
        seed: a whole number under 2^32.
        count: how many.

    Returns:
        (count,), float64.
    """
    counter = (seed + 0x6D2B79F5 * numpy.arange(1, count + 1, dtype=numpy.uint64)).astype(numpy.uint32)
    with numpy.errstate(over="ignore"):  # 32 bits wrap round, as they do in JavaScript
        mixed = (counter ^ (counter >> numpy.uint32(15))) * (counter | numpy.uint32(1))
        mixed ^= mixed + (mixed ^ (mixed >> numpy.uint32(7))) * (mixed | numpy.uint32(61))
    return (mixed ^ (mixed >> numpy.uint32(14))) / 2**32


@functools.cache
def vectors(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The queries (QUERIES, LARGEST) and keys (KEYS, LARGEST) of a seed: standard normal, by Box and Muller."""
    pairs = uniform(seed, LARGEST * (QUERIES + KEYS)).reshape(-1, 2)
    length, angle = numpy.sqrt(-2 * numpy.log(1 - pairs[:, 0])), 2 * numpy.pi * pairs[:, 1]
    normal = numpy.stack([length * numpy.cos(angle), length * numpy.sin(angle)], axis=1)
    features = torch.from_numpy(normal.reshape(LARGEST, QUERIES + KEYS))  # feature by feature, queries before keys
    return tuple(features.T.split([QUERIES, KEYS]))


def measured(seed: int, dimension: int) -> dict[str, dict]:
    """What the figure shows.

    Args:
        seed: of the draw.
        dimension: d, how many features of the vectors count.

    Returns:
        For "dot" and "scaled": "variance" of all scores, "weights" (16) of the first query, the "largest" of them, and
        "gradient": the sum of the sizes of the softmax's derivatives, mean over the queries.
    """
    query, key = (vector[:, :dimension] for vector in vectors(seed))
    shown = {}
    for name, score in (("dot", dot), ("scaled", scaled_dot)):
        scores = score(query, key)
        weights = scores.softmax(-1)[0]
        slopes = [jacobian(lambda row: row.softmax(0), row).abs().sum() for row in scores]
        shown[name] = {
            "variance": scores.var().item(),
            "weights": weights.tolist(),
            "largest": weights.max().item(),
            "gradient": torch.stack(slopes).mean().item(),
        }
    return shown


def main() -> None:
    """Write the file beside this one."""
    cases = [{"seed": seed, "dimension": dimension, **measured(seed, dimension)} for seed, dimension in CASES]
    written = {"uniform": uniform(133, 5).tolist(), "normal": vectors(133)[0][:6, 0].tolist(), "cases": cases}
    path = Path(__file__).with_name("square-root-of-d.json")
    path.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
