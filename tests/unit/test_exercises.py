"""`exercise`: what a reader sees; and for every exercise, right answers pass and typical wrong ones fail."""

import importlib

import numpy as np
import pytest
import torch
from attnbook import exercise, exercises
from attnbook.exercises import Exercise, grade
from attnbook.exercises.history import links_of_map
from attnbook.exercises.text import Judge
from text_exercise_cases import WRONG_IN_TEXT
from torch.nn import functional as F

NAMES = [
    f"{part}.{task}"
    for part in exercises.PARTS
    for task in importlib.import_module(f"attnbook.exercises.{part}").EXERCISES
]


def causal_from_the_top(query_length, key_length):
    return torch.ones(query_length, key_length, dtype=torch.bool).tril()


def bahdanau(tanh=torch.tanh, sign=1):
    def scores(queries, keys, W, U, v):
        return tanh((queries @ W.T)[:, None] + sign * (keys @ U.T)[None]) @ v

    return scores


def local_p(softmax=lambda scores, offset, width: scores.masked_fill(offset.abs() > width, -torch.inf).softmax(-1),
            gaussian=lambda offset, width: torch.exp(-2 * (offset / width) ** 2)):  # fmt: skip
    def weights(scores, centre, half_width):
        offset = torch.arange(len(scores)) - centre
        return softmax(scores, offset, half_width) * gaussian(offset, half_width)

    return weights


def links_of(weights, rows=slice(None), columns=slice(None)):
    return {(int(row.argmax()), target) for target, row in enumerate(weights[rows, columns])}


def forgets_to_shrink(scores, block_size):
    largest, total = torch.tensor(-torch.inf), torch.tensor(0.0)
    for block in scores.split(block_size):
        largest = torch.maximum(largest, block.max())
        total = total + torch.exp(block - largest).sum()
    return largest + total.log()


WRONG = {
    "intuition.context_vectors": [
        lambda weights, states: weights.T @ states if weights.shape[0] == states.shape[0] else states[: len(weights)],
        lambda weights, states: states[weights.argmax(-1)],
        lambda weights, states: states.mean(0).expand(len(weights), -1),
        lambda weights, states: (weights @ states).sum(0),
    ],
    "intuition.strongest_links": [
        lambda weights: {(int(row.argmax()), place) for place, row in enumerate(weights)},
        lambda weights: {(int(row[:-1].argmax()), place) for place, row in enumerate(weights)},  # a link for </s>
        lambda weights: {(int(row.argmax()), place) for place, row in enumerate(weights[:-1])},  # a link to </s>
        lambda weights: {(place, int(row.argmax())) for place, row in enumerate(weights[:-1, :-1])},
        lambda weights: {(int(column.argmax()), place) for place, column in enumerate(weights[:-1, :-1].T)},
    ],
    "intuition.link_error_rate": [
        lambda found, gold: 2 * len(found & gold) / (len(found) + len(gold)),
        lambda found, gold: 1 - len(found & gold) / len(gold),
        lambda found, gold: 1 - len(found & gold) / len(found | gold),
        lambda found, gold: 1 - len(found & gold) / len(found),  # and it divides by zero
    ],
    "intuition.padding_share": [
        lambda weights, length: weights[:, length:].sum(),
        lambda weights, length: weights[:, length:].mean(),
        lambda weights, length: weights[:, :length].sum(1).mean(),
        lambda weights, length: weights[:, length + 1 :].sum(1).mean(),
    ],
    "qkv.weights_from_scores": [
        lambda scores, temperature: torch.softmax(scores, -1) / temperature,
        lambda scores, temperature: torch.softmax(scores * temperature, -1),
        lambda scores, temperature: (scores / temperature).exp() / (scores / temperature).exp().sum(),  # overflows
        lambda scores, temperature: scores / scores.sum(),
    ],
    "qkv.soft_lookup": [
        lambda query, keys, values: torch.softmax(keys @ query, 0) @ values,
        lambda query, keys, values: torch.softmax(keys @ query / len(query), 0) @ values,
        lambda query, keys, values: values[(keys @ query).argmax()],
        lambda query, keys, values: (keys @ query / len(query) ** 0.5) @ values,
    ],
    "qkv.effective_keys": [
        lambda weights: (-(weights * weights.log()).sum()).exp(),  # 0 · log 0 is NaN
        lambda weights: -torch.special.entr(weights).sum(),
        lambda weights: torch.special.entr(weights).sum(),
        lambda weights: (weights > 0).sum(),
        lambda weights: 1 / (weights**2).sum(),
    ],
    "qkv.scaled_scores": [
        lambda queries, keys: queries @ keys.T,
        lambda queries, keys: queries @ keys.T / queries.shape[-1],
        lambda queries, keys: queries @ keys.T / len(keys) ** 0.5,
        lambda queries, keys: keys @ queries.T / queries.shape[-1] ** 0.5,
    ],
    "qkv.cosine_scores": [
        lambda queries, keys: queries @ keys.T,
        lambda queries, keys: F.normalize(queries, dim=0) @ F.normalize(keys, dim=0).T,
        lambda queries, keys: F.normalize(queries, dim=-1) @ keys.T,
        lambda queries, keys: queries @ keys.T / (queries.norm() * keys.norm()),
    ],
    "qkv.additive_scores": [
        bahdanau(tanh=lambda hidden: hidden),
        bahdanau(tanh=torch.sigmoid),
        bahdanau(sign=-1),
        lambda queries, keys, W, U, v: bahdanau()(keys, queries, W, U, v),
    ],
    "qkv.padding_mask": [
        lambda lengths, max_length: torch.arange(max_length) >= lengths[:, None],
        lambda lengths, max_length: torch.arange(max_length) <= lengths[:, None],
        lambda lengths, max_length: (torch.arange(max_length) < lengths[:, None]).float(),
        lambda lengths, max_length: torch.ones(len(lengths), max_length, dtype=torch.bool),
    ],
    "qkv.causal_mask": [
        causal_from_the_top,
        lambda query_length, key_length: ~causal_from_the_top(query_length, key_length),
        lambda query_length, key_length: torch.ones(query_length, key_length).tril(key_length - query_length),
        lambda q, k: torch.ones(q, k, dtype=torch.bool).tril(k - q - 1),
    ],
    "qkv.safe_softmax": [
        lambda scores, mask: scores.masked_fill(~mask, -torch.inf).softmax(-1),  # NaN in a row of none
        lambda scores, mask: scores.masked_fill(~mask, -1e9).softmax(-1),  # uniform in a row of none
        lambda scores, mask: scores.softmax(-1) * mask,  # rows no longer sum to one
        lambda scores, mask: scores.masked_fill(mask, torch.finfo(scores.dtype).min).softmax(-1),
    ],
    "qkv.online_log_sum": [
        lambda scores, block_size: scores.exp().sum().log(),  # overflows
        lambda scores, block_size: scores.sum(),
        lambda scores, block_size: scores.max(),
        lambda scores, block_size: sum(block.logsumexp(0) for block in scores.split(block_size)),
        forgets_to_shrink,
    ],
    "history.words_read": [
        lambda order, number: number,  # the state after the word before, for both
        lambda order, number: number if order == "Luong" else number - 1,  # less than nothing at the first word
        lambda order, number: number + 1 if order == "Luong" else number,
        lambda order, number: number if order == "Bahdanau" else max(number - 1, 0),
    ],
    "history.named_place": [
        lambda query, W, v, length: torch.sigmoid(v @ torch.tanh(W @ query)),  # a share, no place
        lambda query, W, v, length: length * (v @ torch.tanh(W @ query)),  # may lie outside the sentence
        lambda query, W, v, length: length * torch.tanh(v @ torch.sigmoid(W @ query)),
        lambda query, W, v, length: length * torch.sigmoid(v @ (W @ query)),
        lambda query, W, v, length: (length * torch.sigmoid(v @ torch.tanh(W @ query))).round(),
    ],
    "history.local_weights": [
        local_p(gaussian=lambda offset, width: 1.0),  # the window alone
        local_p(gaussian=lambda offset, width: torch.exp(-(offset**2) / (2 * width**2))),  # σ = D
        local_p(softmax=lambda scores, offset, width: scores.softmax(-1) * (offset.abs() <= width)),
        local_p(softmax=lambda scores, offset, width: scores.softmax(-1)),  # no window
        lambda *given: (weights := local_p()(*given)) / weights.sum(),  # normalised again
    ],
    "history.links_of_map": [
        lambda weights: links_of(weights),  # to </s> too
        lambda weights: links_of(weights, columns=slice(None, -1)),  # </s> gives way to a word
        lambda weights: {(target, source) for source, target in links_of_map(weights)},
        lambda weights: {(source, target + 1) for source, target in links_of_map(weights)},  # a row late
        lambda weights: {tuple(link) for link in (weights.T > 0.5).nonzero().tolist()},
    ],
    "history.alignment_error": [
        lambda predicted, sure, possible: 1 - len(predicted & sure) / len(predicted | sure),
        lambda predicted, sure, possible: 1 - 2 * len(predicted & sure) / (len(predicted) + len(sure)),
        lambda predicted, sure, possible: 1 - len(predicted & possible) / len(predicted),
        lambda A, S, P: (len(A & S) + len(A & P)) / (len(A) + len(S)),
        lambda A, S, P: 1 - (len(A & S) + len(A & P)) / (len(A) + len(P)),
    ],
    **WRONG_IN_TEXT,
    "transformer.previous_token_share": [
        lambda weights: weights.diagonal().mean(),
        lambda weights: weights.diagonal(1).mean(),
        lambda weights: weights.diagonal(-1).sum() / len(weights),
        lambda weights: weights.diagonal(-1).sum(),
    ],
    "transformer.sink_share": [
        lambda weights, position: weights[:, position].mean(-1),
        lambda weights, position: weights[:, :, position].mean(),
        lambda weights, position: weights[:, :, position].sum(-1),
        lambda weights, position: weights[:, :, 0].mean(-1),
    ],
    "transformer.share_of_real_queries": [
        lambda weights, lengths: weights[:, :, 0].mean(),
        lambda weights, lengths: torch.stack([w[:n, 0].mean() for w, n in zip(weights, lengths, strict=True)]),
        lambda weights, lengths: torch.stack([w[:n, 0].mean() for w, n in zip(weights, lengths, strict=True)]).sum(),
        lambda weights, lengths: weights[:, 0, 0].mean(),
    ],
}


def test_every_exercise_has_wrong_answers_here():
    assert sorted(WRONG) == sorted(NAMES)
    assert all(len(answers) >= 3 for answers in WRONG.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_passes(name, capsys):
    task = exercises.find(name)
    assert exercise(name)(task.reference) is task.reference
    assert capsys.readouterr().out == f"✓ {name}\n"


@pytest.mark.parametrize(("name", "number"), [(name, number) for name in WRONG for number in range(len(WRONG[name]))])
def test_a_wrong_answer_is_shown_with_the_input_on_which_it_is_wrong(name, number):
    verdict = grade(name, exercises.find(name), WRONG[name][number])
    assert verdict.startswith(f"✗ {name}: for input ")
    assert "\n  your answer " in verdict
    assert "\n  expected    " in verdict


@pytest.mark.parametrize("name", NAMES)
def test_not_attempted_yet(name, capsys):
    exercise(name)(lambda *_: None)
    said = capsys.readouterr().out
    told = "returned None, so not attempted yet (or is the return missing?)"
    assert said == f"… {name}: {told}. Hint: {exercises.find(name).hint}\n"


def make_task(expected, *inputs):
    inputs = inputs or [(1,)]
    references = {1: lambda x: expected, 3: lambda x, y, z: expected}
    return Exercise("think.", references[len(inputs[0])], lambda: inputs)


def test_the_smallest_wrong_input_is_shown_with_both_results():
    task = Exercise("add.", lambda x: x + 1, lambda: [(torch.tensor([1.0]),), (torch.tensor([2.0, 0.25]),)])
    verdict = grade("x.add", task, lambda x: x + 1 if len(x) == 1 else x)
    assert verdict == "✗ x.add: for input x = [2.0, 0.25]\n  your answer [2.0, 0.25]\n  expected    [3.0, 1.25]"


def test_an_answer_that_raises_is_shown_with_its_error():
    def broken(number):
        raise KeyError("no such thing")

    verdict = grade("x.broken", make_task(2.0), broken)
    assert verdict == "✗ x.broken: for input x = 1\n  raised KeyError: 'no such thing'\n  expected 2"
    assert "raised TypeError" in grade("x.broken", make_task(2.0), lambda: 2.0)


def test_an_answer_that_changes_its_input_harms_nobody():
    def in_place(x):
        return x.add_(1)

    task = Exercise("add.", lambda x: x + 1, lambda: [(torch.tensor([1.0]),)])
    assert grade("x.add", task, in_place) == "✓ x.add"
    verdict = grade("x.add", task, lambda x: x.mul_(5))
    assert verdict == "✗ x.add: for input x = [1.0]\n  your answer [5.0]\n  expected    [2.0]"


def test_a_model_that_is_asked_is_shown_with_what_it_knows():
    verdict = grade("text.leave_one_out", exercises.find("text.leave_one_out"), lambda predict, words: predict(words))
    shown = "predict = Judge(worth={'good': 2.0, 'fine': 1.0, 'dull': -3.0}), words = ['good']"
    assert verdict.startswith(f"✗ text.leave_one_out: for input {shown}\n  your answer [0.1192, 0.8808]\n")


@pytest.mark.parametrize(
    ("text", "sum_of_worth"),
    [("", 0), ("a film", 0), ("good good", 4), ("not good", -2), ("not a good film", 2), ("good not", 2)],
)
def test_the_judge_can_be_worked_out_by_hand(text, sum_of_worth):
    probabilities = Judge({"good": 2.0})(text.split())
    positive = 1 / (1 + np.exp(-sum_of_worth))
    assert probabilities.tolist() == pytest.approx([1 - positive, positive], abs=1e-6)


RIGHT = [
    (torch.tensor([0.5]), torch.tensor([0.5 + 1e-7])),
    (torch.tensor([0.5]), torch.tensor([0.5], dtype=torch.float64)),
    (torch.tensor([0.5]), torch.tensor([0.5], requires_grad=True)),
    (torch.tensor([2]), torch.tensor([2.0])),
    (0.5, 0.5 + 1e-7),
    (0.5, torch.tensor(0.5)),
    (2.0, 2),
    (2, torch.tensor(2)),
    (0.5, np.float32(0.5)),
    ("cat", "cat"),
    ((1, 2), (1, 2)),
    ((torch.tensor([1.0, 2.0]), 3), (torch.tensor([1.0, 2.0]), 3)),
]
NOT_RIGHT = [
    (torch.tensor([0.5]), torch.tensor([0.6])),
    (torch.tensor([0.5]), torch.tensor(0.5)),
    (torch.tensor([0.5]), [0.5]),
    (torch.tensor([0.5]), torch.tensor([torch.nan])),
    (torch.tensor([True]), torch.tensor([1.0])),
    (torch.tensor([1.0]), torch.tensor([True])),
    (torch.tensor([2]), torch.tensor([2.7])),
    (0.5, torch.tensor([0.5, 0.5])),
    (0.5, "0.5"),
    (0.5, float("nan")),
    (2, torch.tensor([2, 2])),
    ("cat", torch.tensor([1.0, 2.0])),
    ((1, 2), torch.tensor([1, 2])),
    ((1, 2), (1, 2, 3)),
    ((torch.tensor([1.0, 2.0]), 3), (torch.tensor([1.0, 2.5]), 3)),
    (0.5, np.ones(3)),
    (0.5, lambda: 0.5),
]


@pytest.mark.parametrize(("expected", "answer"), RIGHT)
def test_what_counts_as_right(expected, answer):
    assert grade("x.y", make_task(expected), lambda _: answer) == "✓ x.y"


@pytest.mark.parametrize(("expected", "answer"), NOT_RIGHT)
def test_what_does_not(expected, answer):
    assert grade("x.y", make_task(expected), lambda _: answer).startswith("✗ x.y: for input x = 1\n  your answer ")


@pytest.mark.parametrize(
    ("expected", "answer", "told"),
    [
        (torch.tensor([0.5]), [0.5], "you gave a list, not a tensor of numbers, shape (1,)"),
        (torch.tensor([0.5]), torch.tensor(0.5), "shape (), not a tensor of numbers, shape (1,)"),
        (torch.tensor([True]), torch.tensor([1]), "a tensor of numbers, shape (1,), not a tensor of truth values"),
        (torch.tensor(0.5), 0.5, "you gave a number, not a tensor of numbers, shape ()"),
        (0.5, torch.tensor([0.5, 0.5]), "you gave a tensor of numbers, shape (2,), not a number"),
        (0.5, [0.5], "you gave a list, not a number"),
    ],
)
def test_an_answer_of_another_kind_is_told_so(expected, answer, told):
    assert told in grade("x.y", make_task(expected), lambda _: answer)


@pytest.mark.parametrize("answer", [1, 0.25, torch.tensor(0.25), np.float64(0.25), torch.tensor([0.25])])
def test_a_wrong_number_is_not_told_to_be_of_another_kind(answer):
    assert "you gave" not in grade("x.y", make_task(0.5), lambda _: answer)


def test_large_inputs_are_shown_by_their_shape():
    verdict = grade("x.y", make_task(0.5, (torch.zeros(5, 5), "text", 1.5)), lambda *_: 1.0)
    assert verdict.startswith("✗ x.y: for input x = a tensor of shape (5, 5), y = 'text', z = 1.5\n")


def test_none_after_a_right_answer_is_wrong():
    task = Exercise("add.", lambda x: x, lambda: [(1,), (2,)])
    assert grade("x.y", task, lambda x: x if x == 1 else None).startswith("✗ x.y: for input x = 2")


@pytest.mark.parametrize("name", ["qkv.nope", "qkv", "qkv."])
def test_unknown_names_are_answered_with_those_of_the_part(name):
    with pytest.raises(ValueError, match=rf"unknown exercise '{name}'; allowed: qkv\.weights_from_scores, "):
        exercise(name)


@pytest.mark.parametrize("name", ["nope.soft_lookup", "", None, len])
def test_unknown_parts_are_answered_with_the_parts(name):
    with pytest.raises(ValueError, match=rf"unknown part .*; allowed: {', '.join(exercises.PARTS)}"):
        exercise(name)
