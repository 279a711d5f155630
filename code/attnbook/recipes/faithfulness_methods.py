"""How much each word of a text mattered to a classifier, by every method: attention beside the others."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnbook.data.tatoeba import english_words
from attnbook.data.texts import LabelledText, cut_words
from attnbook.data.vocabulary import UNKNOWN
from attnbook.data.yelp_hat import MarkedReview
from attnbook.metrics.attribution import gradient_times_input, integrated_gradients, leave_one_out, random_scores
from attnbook.metrics.erasure import replace_with
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.recipes.trained_classifier import TrainedClassifier

# `word_dropout` shows <unk> in training; a word left out would also bring others together that never stood so.
ERASE = replace_with(UNKNOWN)
STEPS = 16  # of integrated gradients
BATCH_SIZE = 64


class Explained(NamedTuple):
    """Texts as a classifier reads them, and how much each of their words matters by every method."""

    ids: Tensor
    """(B, L)."""
    mask: Tensor
    """(B, L), True = a word."""
    labels: Tensor
    """(B,)."""
    probabilities: Tensor
    """(B, 2)."""
    scores: dict[str, Tensor]
    """Name of a method → (B, L), 0 at padding; where there are signs, positive speaks for the predicted class."""
    owners: Tensor
    """(B, L), the index of the word that the classifier's word is a piece of."""


def explain(trained: TrainedClassifier, texts: Sequence[LabelledText], *, seed: int = 0) -> Explained:
    """Explain a classifier's predictions by every method.

    The methods are "gradient" (times input), "integrated_gradients", "leave_one_out", "random", and for a classifier
    that weighs words "attention", "polarity", s_i, and "weighted_polarity", α_i s_i, which sum to the text's s.
    Gradients are those of the predicted class's probability. An erased word becomes <unk>; from a text of nothing else
    integrated gradients set out.

    Args:
        trained: a classifier that reads a text as one row of words.
        texts: with words as those of the classifier; people's marks stand on words that are cut finer here.
        seed: of the random scores.

    Returns:
        Explained(ids, mask, labels, probabilities, scores, owners), on the classifier's device.

    Raises:
        ValueError: no text, a classifier of documents, or more than half of the words are unknown to it.
    """
    model, predict = trained.model, trained.predict
    if not isinstance(model, AttentionClassifier):
        raise ValueError(f"{trained.run.model} reads documents; what is explained here are texts of one row of words")
    device = model.output.weight.device
    cut = [cut_text(text) for text in texts]
    ids, mask, labels = (tensor.to(device) for tensor in trained.encode([text for text, _ in cut]))
    if (share := float((ids[mask] == UNKNOWN).float().mean())) > 0.5:
        raise ValueError(f"{share:.0%} of the words are unknown to {trained.run.model}, trained on {trained.run.data}")
    unknown = model.embedding.weight[UNKNOWN].detach()

    def gradient(embedded: Tensor, mask: Tensor) -> Tensor:
        return gradient_times_input(predict, embedded, mask)

    def integrated(embedded: Tensor, mask: Tensor) -> Tensor:
        return integrated_gradients(predict, embedded, mask, baseline=unknown, steps=STEPS)

    with torch.no_grad():
        logits, weights = model(ids, mask.sum(dim=1), need_weights=True)
        probabilities = logits.softmax(dim=-1)
        embedded, scores = model.embedding(ids), {}
        if weights is not None:
            side = 2 * probabilities.argmax(dim=1, keepdim=True) - 1  # -1 or 1
            polarity = model.polarity_scores(ids, mask.sum(dim=1)) * mask * side
            scores = {"attention": weights, "polarity": polarity, "weighted_polarity": weights * polarity}
    scores["gradient"] = _by_length(gradient, embedded, mask)
    scores["integrated_gradients"] = _by_length(integrated, embedded, mask)
    scores["leave_one_out"] = leave_one_out(predict, ids, mask, ERASE, batch_size=BATCH_SIZE)
    scores["random"] = random_scores(mask, generator=torch.Generator(device).manual_seed(seed))
    owners = pad_sequence([torch.tensor(owner, device=device) for _, owner in cut], batch_first=True)
    return Explained(ids, mask, labels, probabilities, scores, owners)


def cut_text(text: LabelledText) -> tuple[LabelledText, Sequence[int]]:
    """Cut a text as English treebanks are cut, if people have marked words of it: these are cut at spaces.

    Args:
        text: any; others than `MarkedReview` stay as they are.

    Returns:
        The text, and for each of its words the index of the word it is a piece of.
    """
    if not isinstance(text, MarkedReview):
        return text, range(len(text.words))
    pieces, owners = cut_words(text.words, english_words)
    return LabelledText(tuple(pieces), text.label), owners


def score_whole_words(scores: Tensor, mask: Tensor, owners: Tensor) -> Tensor:
    """Turn scores of pieces into scores of words: each has that of its highest piece.

    Adding up would favour words of many pieces: "great." has two, and people mark such words more often, so that
    random scores would agree with them better than chance.

    Args:
        scores: (B, L).
        mask: (B, L), True = a piece.
        owners: (B, L), as in `Explained`.

    Returns:
        (B, W), W the words of the longest text, -inf behind the last.
    """
    words = scores.new_full((len(scores), int(owners.max()) + 1), -torch.inf)
    return words.scatter_reduce(1, owners, scores.masked_fill(~mask, -torch.inf), "amax")


def _by_length(score: Callable[[Tensor, Tensor], Tensor], embedded: Tensor, mask: Tensor) -> Tensor:
    """Scores (B, L) of all texts, those of like length together."""
    lengths = mask.sum(dim=1)
    scores = embedded.new_zeros(mask.shape)
    for rows in lengths.argsort().split(BATCH_SIZE):
        longest = int(lengths[rows[-1]])
        scores[rows, :longest] = score(embedded[rows, :longest], mask[rows, :longest])
    return scores
