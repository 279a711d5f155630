"""Write query-key-value.json: what PyTorch answers to random questions, in float64."""

import json
from pathlib import Path

import torch
from attnbook import attend, scores

TEMPERATURES = (0.05, 0.7, 5.0)
NAMES = ("dot", "scaled_dot", "cosine")


def answer(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, temperature: float, name: str) -> dict:
    """Attend with a temperature.

    Args:
        query: (2,).
        keys: (4, 2).
        values: (4, 2).
        temperature: what the scores are divided by.
        name: of the score function, as in attnbook.scores.

    Returns:
        The state of the figure under "state", and "scores" (4), "weights" (4), "output" (2).
    """
    score = getattr(scores, name)
    attended = attend(
        query[None], keys, values, score=lambda one, other: score(one, other) / temperature, need_weights=True
    )
    return {
        "state": {
            "query": query.tolist(),
            "keys": keys.tolist(),
            "values": values.tolist(),
            "temperature": temperature,
            "score": name,
        },
        "scores": score(query[None], keys)[0].tolist(),
        "weights": attended.weights[0].tolist(),
        "output": attended.output[0].tolist(),
    }


def main() -> None:
    """Write the file beside this one."""
    generator = torch.Generator().manual_seed(0)
    cases = []
    for name in NAMES:
        for temperature in TEMPERATURES:
            drawn = torch.rand(9, 2, generator=generator, dtype=torch.float64) * 6 - 3
            cases.append(answer(drawn[0], drawn[1:5], drawn[5:], temperature, name))
        drawn[1] = 0  # a key without a direction
        cases.append(answer(drawn[0], drawn[1:5], drawn[5:], 1.0, name))
        cases.append(answer(torch.zeros_like(drawn[0]), drawn[1:5], drawn[5:], 1.0, name))
    path = Path(__file__).with_name("query-key-value.json")
    path.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
