"""Every exercise of the book: its folded solution passes, and typical wrong answers do not."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
import torch
from attnbook.cli import find_pages
from attnbook.exercises import PARTS, find, grade
from pages import read

BOOK = Path(__file__).resolve().parents[2] / "book"
EXERCISES = [
    f"{part}.{name}" for part in PARTS for name in import_module(f"attnbook.exercises.{part}").EXERCISES
]


def online_wrong(scores, block_size):
    total = torch.tensor(0.0)
    for block in scores.split(block_size):
        total = total + torch.exp(block).sum()  # overflows for large scores
    return total.log()


def online_forgets_to_shrink(scores, block_size):
    largest, total = torch.tensor(-torch.inf), torch.tensor(0.0)
    for block in scores.split(block_size):
        largest = torch.maximum(largest, block.max())
        total = total + torch.exp(block - largest).sum()
    return largest + total.log()


WRONG: dict[str, list[Callable]] = {
    "qkv.weights_from_scores": [
        lambda scores, temperature: torch.softmax(scores * temperature, dim=-1),
        lambda scores, temperature: torch.softmax(scores, dim=-1) / temperature,
        lambda scores, temperature: (
            (scores / temperature).exp() / (scores / temperature).exp().sum()
        ),  # overflows
        lambda scores, temperature: torch.softmax(scores, dim=-1),
    ],
    "qkv.soft_lookup": [
        lambda query, keys, values: torch.softmax(keys @ query, dim=0) @ values,
        lambda query, keys, values: torch.softmax(keys @ query / len(query), dim=0) @ values,
        lambda query, keys, values: values[(keys @ query).argmax()],
        lambda query, keys, values: (torch.softmax(keys @ query / len(query) ** 0.5, dim=0) @ values)[None],
    ],
    "qkv.effective_keys": [
        lambda weights: torch.exp(-(weights * weights.log()).sum()),  # 0 · ln 0 is NaN
        lambda weights: torch.special.entr(weights).sum(),
        lambda weights: torch.tensor(2.0) ** torch.special.entr(weights).sum(),
        lambda weights: (weights > 0).sum().float(),
    ],
    "qkv.scaled_scores": [
        lambda queries, keys: queries @ keys.T,
        lambda queries, keys: queries @ keys.T / queries.shape[-1],
        lambda queries, keys: keys @ queries.T / queries.shape[-1] ** 0.5,
        lambda queries, keys: queries @ keys.T / len(queries) ** 0.5,
    ],
    "qkv.cosine_scores": [
        lambda queries, keys: queries @ keys.T,
        lambda queries, keys: queries @ keys.T / (queries.norm() * keys.norm()),
        lambda queries, keys: queries @ (keys / keys.norm(dim=-1, keepdim=True)).T,
    ],
    "qkv.additive_scores": [
        lambda queries, keys, W, U, v: torch.tanh((queries @ U.T)[:, None] + (keys @ W.T)[None]) @ v,
        lambda queries, keys, W, U, v: (torch.tanh((queries @ W.T)[:, None] + (keys @ U.T)[None]) @ v).T,
        lambda queries, keys, W, U, v: torch.tanh(((queries @ W.T)[:, None] + (keys @ U.T)[None]) @ v),
        lambda queries, keys, W, U, v: torch.relu((queries @ W.T)[:, None] + (keys @ U.T)[None]) @ v,
    ],
    "qkv.padding_mask": [
        lambda lengths, max_length: torch.arange(max_length) >= lengths[:, None],  # True = ignore
        lambda lengths, max_length: torch.arange(max_length) <= lengths[:, None],
        lambda lengths, max_length: (torch.arange(max_length) < lengths[:, None]).int(),
    ],
    "qkv.causal_mask": [
        lambda rows, columns: torch.ones(rows, columns, dtype=torch.bool).tril(),  # top left
        lambda rows, columns: torch.ones(rows, columns, dtype=torch.bool).triu(columns - rows),
        lambda rows, columns: torch.ones(rows, columns, dtype=torch.bool).tril(columns - rows - 1),
    ],
    "qkv.safe_softmax": [
        lambda scores, mask: scores.masked_fill(~mask, -torch.inf).softmax(-1),
        lambda scores, mask: scores.masked_fill(~mask, -1e9).softmax(-1),
        lambda scores, mask: scores.softmax(-1) * mask,  # rows do not sum to one
        lambda scores, mask: scores.masked_fill(mask, -1e30).softmax(-1),
    ],
    "qkv.online_log_sum": [
        online_wrong,
        online_forgets_to_shrink,
        lambda scores, block_size: torch.stack([b.logsumexp(0) for b in scores.split(block_size)]).sum(),
    ],
    "transformer.previous_token_share": [
        lambda weights: weights.diagonal(1).mean(),
        lambda weights: weights.diagonal().mean(),
        lambda weights: weights.diagonal(-1).sum() / len(weights),
    ],
    "transformer.sink_share": [
        lambda weights, position: weights[:, position].mean(-1),
        lambda weights, position: weights[:, :, position].mean(),
        lambda weights, position: weights[:, :, position].sum(-1),
        lambda weights, position: weights[:, :, 0].mean(-1),
    ],
    "transformer.share_of_real_queries": [
        lambda weights, lengths: weights[:, :, 0].mean(),
        lambda weights, lengths: weights[:, 0][torch.arange(weights.shape[1]) < lengths[:, None]].mean(),
        lambda weights, lengths: torch.stack(
            [w[:n, 0].mean() for w, n in zip(weights, lengths, strict=True)]
        ).mean(),
    ],
}


def cells() -> list[str]:
    return [cell["source"] for path in find_pages(BOOK, []) for cell in read(path)["cells"]]


def solution(name: str) -> Callable:
    """Return the function of the ```python block that is folded below the exercise on its page."""
    sources = cells()
    after = next(i for i, source in enumerate(sources) if f'@exercise("{name}")' in source) + 1
    code = re.search(r"<details>.*?```python\n(.*?)```", sources[after], re.S).group(1)
    defined: dict[str, object] = {"torch": torch}
    exec(code, defined)
    return next(
        value for key, value in defined.items() if callable(value) and key != "torch" and key[0] != "_"
    )


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_passes(name):
    assert grade(name, find(name), solution(name)) == f"✓ {name}"


@pytest.mark.parametrize("name", EXERCISES)
def test_wrong_answers_fail(name):
    assert len(WRONG[name]) >= 3
    for answer in WRONG[name]:
        assert grade(name, find(name), answer).startswith(f"✗ {name}")


@pytest.mark.parametrize("name", EXERCISES)
def test_open_exercise_gives_its_hint(name):
    assert find(name).hint in grade(name, find(name), lambda *given: None)


def test_every_exercise_stands_on_exactly_one_page():
    used = re.findall(r'@exercise\("([\w.]+)"\)', "\n".join(cells()))
    assert sorted(used) == sorted(EXERCISES)
