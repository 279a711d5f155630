"""Typical wrong answers to the exercises of part 4, text."""

import torch
from torch import Tensor
from torch.nn import functional as F


def real(scores, lengths):
    return torch.arange(scores.shape[1]) < lengths[:, None]


def rank_precision(scores, marked, higher=torch.ge):
    as_high = higher(scores, scores[marked][:, None]) | torch.eye(len(scores), dtype=torch.bool)[marked]
    return ((as_high & marked).sum(1) / as_high.sum(1)).mean()


def lost(predict, words, left, chosen=Tensor.argmax):
    whole = predict(words)
    return float(whole[chosen(whole)] - predict(left)[chosen(whole)])


def kept(words, rationale):
    return [word for place, word in enumerate(words) if place in rationale]


def others(words, rationale):
    return [word for place, word in enumerate(words) if place not in rationale]


def without_each(words):
    return [words[:place] + words[place + 1 :] for place in range(len(words))]


def orders(scores):
    return (scores[:, None] - scores).sign()


WRONG_IN_TEXT = {
    "text.attention_scores": [
        lambda states, V, scale: states @ V,
        lambda states, V, scale: states @ V * scale,
        lambda states, V, scale: states @ V / len(V) ** 0.5,
        lambda states, V, scale: (states @ V / scale).softmax(0),
        lambda states, V, scale: F.cosine_similarity(states, V[None]) / scale,
    ],
    "text.polarity_of_text": [
        lambda attention, polarity: attention @ polarity,  # scores are no weights
        lambda attention, polarity: polarity.mean(),
        lambda attention, polarity: polarity[attention.argmax()],
        lambda attention, polarity: polarity.softmax(0) @ attention,
        lambda attention, polarity: (attention.softmax(0) @ polarity).sigmoid(),
        lambda attention, polarity: attention.softmax(0) * polarity,
    ],
    "text.masked_weights": [
        lambda scores, lengths: scores.softmax(1),
        lambda scores, lengths: scores.softmax(1) * real(scores, lengths),  # rows no longer sum to one
        lambda scores, lengths: (scores * real(scores, lengths)).softmax(1),  # a score of 0 is a score
        lambda scores, lengths: scores.masked_fill(~real(scores, lengths), -1000.0).softmax(1),  # not low enough
        lambda scores, lengths: scores.masked_fill(~real(scores, lengths + 1), -torch.inf).softmax(1),
        lambda scores, lengths: scores.masked_fill(real(scores, lengths), -torch.inf).softmax(1),
    ],
    "text.average_precision": [
        lambda scores, marked: scores[marked].sum() / scores.sum(),  # the weight on marked words
        lambda scores, marked: marked[scores.topk(int(marked.sum())).indices].float().mean(),
        lambda scores, marked: rank_precision(scores, marked, torch.gt),  # equal scores one after the other
        lambda scores, marked: rank_precision(-scores, marked),
        lambda scores, marked: rank_precision(scores, marked) * marked.sum() / len(marked),  # over all words
    ],
    "text.sentence_vectors": [
        lambda weights, states: states.mean(1),
        lambda weights, states: states.sum(1),
        lambda weights, states: (weights[:, :, None] * states).mean(1),
        lambda weights, states: (weights[:, :, None] * states).sum((0, 1)),  # one vector for the document
        lambda weights, states: states[torch.arange(len(states)), weights.argmax(1)],
    ],
    "text.document_weights": [
        lambda words, sentences: words,
        lambda words, sentences: words + sentences[:, None],
        lambda words, sentences: sentences[:, None].sqrt() * words,  # no longer shares
        lambda words, sentences: (sentences[:, None] * words).flatten().softmax(0).view(words.shape),
        lambda words, sentences: (sentences[:, None] * words).amax(1),
    ],
    "text.heaviest_sentence_share": [
        lambda weights, deciding: (weights * deciding).sum(1).mean(),  # the weight on them
        lambda weights, deciding: deciding.float().mean(),
        lambda weights, deciding: deciding.gather(1, weights.argmax(1, keepdim=True)).sum(),
        lambda weights, deciding: (weights.argmax(1) == deciding.float().argmax(1)).float().mean(),  # the first only
        lambda weights, deciding: deciding[:, weights.argmax(1)].float().mean(),
    ],
    "text.total_variation": [
        lambda first, second: (first - second).abs().sum(1),
        lambda first, second: (first - second).sum(1) / 2,
        lambda first, second: (first - second).abs().amax(1),  # the same for two classes
        lambda first, second: (first - second).abs().mean(1),  # likewise
        lambda first, second: ((first - second) ** 2).sum(1) / 2,
        lambda first, second: (first - second).abs().sum() / 2,
    ],
    "text.comprehensiveness": [
        lambda predict, words, rationale: lost(predict, words, kept(words, rationale)),
        lambda predict, words, rationale: -lost(predict, words, others(words, rationale)),
        lambda predict, words, rationale: lost(predict, words, others(words, rationale), lambda whole: 1),
        lambda predict, words, rationale: float(predict(words).max() - predict(others(words, rationale)).max()),
        lambda predict, words, rationale: float(predict(others(words, rationale))[predict(words).argmax()]),
    ],
    "text.sufficiency": [
        lambda predict, words, rationale: lost(predict, words, others(words, rationale)),
        lambda predict, words, rationale: 1 - lost(predict, words, kept(words, rationale)),
        lambda predict, words, rationale: lost(predict, words, kept(words, rationale), lambda whole: 1),
        lambda predict, words, rationale: float(predict(words).max() - predict(kept(words, rationale)).max()),
        lambda predict, words, rationale: float(predict(kept(words, rationale)).max()),
    ],
    "text.leave_one_out": [
        lambda predict, words: torch.tensor([lost(predict, words, [word]) for word in words]),  # only it is left
        lambda predict, words: torch.tensor([lost(predict, words, [w for w in words if w != word]) for word in words]),
        lambda predict, words: torch.tensor([lost(predict, words, left, lambda _: 1) for left in without_each(words)]),
        lambda predict, words: torch.tensor([predict(words).max() - predict(r).max() for r in without_each(words)]),
        lambda predict, words: torch.tensor([abs(lost(predict, words, left)) for left in without_each(words)]),
        lambda predict, words: [lost(predict, words, left) for left in without_each(words)],  # no tensor
    ],
    "text.kendall_tau": [
        lambda x, y: (orders(x) * orders(y)).sum() / (len(x) * (len(x) - 1)),  # τ-a: all pairs
        lambda x, y: (orders(x) * orders(y) > 0).sum() / (len(x) * (len(x) - 1)),  # no pair is taken off
        lambda x, y: torch.corrcoef(torch.stack([x, y]))[0, 1],  # Pearson
        lambda x, y: torch.corrcoef(torch.stack([one.argsort().argsort().float() for one in (x, y)]))[0, 1],
        lambda x, y: -(orders(x) * orders(y)).sum() / (orders(x).abs().sum() * orders(y).abs().sum()).sqrt(),
    ],
}
