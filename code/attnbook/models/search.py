"""Search: which translation does a translator find most probable?"""

import math
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnbook.checks import check_whole
from attnbook.data.vocabulary import END, PAD, START
from attnbook.models.encoder_decoder import EncoderDecoder, Step, evaluating

Rows = TypeVar("Rows", bound=tuple)
STRETCH = 64  # words of which beam search looks at the best first
ROWS = 64  # whose probabilities are taken at a time: they stay in the cache


class Translations(NamedTuple):
    """What a search found, one translation a sentence."""

    words: Tensor
    """(B, L) ids: each translation with its </s>, then padding. No </s>: it was cut off at max_length."""
    log_probabilities: Tensor
    """(B,), of the whole translation, in nats."""
    weights: Tensor | None
    """(B, L, S): where the model looked for each word, zero at padding; None if not asked for, or without attention."""


def search(
    model: EncoderDecoder, source: Tensor, source_lengths: Tensor, *, beam_size: int = 1, need_weights: bool = False
) -> Translations:
    """Translate greedily, or with a beam of more than one; cut off at 10 words more than half as long again as S.

    Args:
        model: a translator.
        source: (B, S) word ids, padded at the right.
        source_lengths: (B,), how many of them are real.
        beam_size: 1 is greedy search.
        need_weights: also return the attention weights.

    Returns:
        Translations(words (B, L), log_probabilities (B,), weights (B, L, S) or None).

    Raises:
        TypeError, ValueError, IndexError: as for `greedy_search` and `beam_search`.
    """
    longest = source.shape[1] * 3 // 2 + 10
    if beam_size == 1:
        return greedy_search(model, source, source_lengths, longest, need_weights=need_weights)
    return beam_search(model, source, source_lengths, longest, beam_size=beam_size, need_weights=need_weights)


def greedy_search(
    model: EncoderDecoder, source: Tensor, source_lengths: Tensor, max_length: int, *, need_weights: bool = False
) -> Translations:
    """Write the most probable word, then the most probable after it, and so on.

    <pad> and <s> are never written: the other words share their probability. The model runs in eval mode.

    Args:
        model: a translator.
        source: (B, S) word ids, padded at the right.
        source_lengths: (B,), how many of them are real.
        max_length: words of a translation at most, </s> among them.
        need_weights: also return the attention weights.

    Returns:
        Translations(words (B, L), log_probabilities (B,), weights (B, L, S) or None).

    Raises:
        TypeError: a max_length that is no integer; ids or lengths that are no tensor of integers.
        ValueError: a max_length under 1; shapes that do not fit, an empty sentence; a model that gives NaN.
        IndexError: an id outside the vocabulary.
    """
    check_whole("max_length", max_length, 1)
    with evaluating(model):
        memory = model.encode(source, source_lengths)
        state = model.start(memory)
        last = source.new_full((len(source),), START)
        total, words, maps = 0.0, [], []
        for _ in range(max_length):
            step = model.step(last, state, memory)
            state, running = step.state, (last != END) & (last != PAD)
            best, word = _log_probabilities(step.logits).max(-1)
            total = total + best.where(running, 0.0)
            last = word.where(running, PAD)
            words.append(last)
            if need_weights and step.weights is not None:
                maps.append(step.weights * running[:, None])
            if ((last == END) | (last == PAD)).all():
                break
        _check_found(total)
        return Translations(torch.stack(words, dim=1), total, torch.stack(maps, dim=1) if maps else None)


def beam_search(
    model: EncoderDecoder,
    source: Tensor,
    source_lengths: Tensor,
    max_length: int,
    *,
    beam_size: int = 5,
    length_penalty: float = 1.0,
    need_weights: bool = False,
) -> Translations:
    """Follow the most probable beginnings side by side, for all sentences at once.

    A translation that ends leaves the beam (Sutskever et al. 2014, section 3.2; arXiv:1409.3215) and no other takes
    its place: a sentence is done when `beam_size` have ended. Of these the best by log P / length^α is returned, where
    the length counts </s>: α = 1 is the mean over words, α = 0 no normalisation. Beginnings that can no longer beat
    the best are dropped, and leave their place to others. Where none ended within `max_length`, the most probable
    beginning is returned.

    Args:
        model: a translator.
        source: (B, S) word ids, padded at the right.
        source_lengths: (B,), how many of them are real.
        max_length: words of a translation at most, </s> among them.
        beam_size: beginnings followed; 1 is greedy search.
        length_penalty: α, 0 or more.
        need_weights: also return the attention weights.

    Returns:
        Translations(words (B, L), log_probabilities (B,), weights (B, L, S) or None).

    Raises:
        TypeError: a number that is no integer; ids or lengths that are no tensor of integers.
        ValueError: a max_length or beam_size under 1, a negative length_penalty; shapes that do not fit, an empty
            sentence; a model that gives NaN.
        IndexError: an id outside the vocabulary.
    """
    check_whole("max_length", max_length, 1)
    check_whole("beam_size", beam_size, 1)
    if not 0.0 <= length_penalty < math.inf:
        raise ValueError(f"length_penalty must be 0 or more; got {length_penalty}")
    with evaluating(model):
        memory = model.encode(source, source_lengths)
        state = model.start(memory)
        beam = _start(source, memory[0], need_weights)
        ended = _Ended(len(source), beam_size, length_penalty, source.device)
        for length in range(1, max_length + 1):
            step = model.step(beam.words[..., -1].flatten(), state, memory)
            beam = _extend(beam, step, ended.places[beam.sentences], beam_size)
            is_over = beam.is_filled & (beam.words[..., -1] == END)
            ended.take(beam, is_over)
            can_win = beam.log_probabilities / max_length**length_penalty > ended.best[beam.sentences, None]
            goes_on = can_win & ~is_over
            if length == max_length or not goes_on.any():
                break
            sentences = goes_on.any(1).nonzero()[:, 0]
            if len(sentences) < len(goes_on):
                memory = _pick(memory, sentences)
            beam = _narrow(_pick(beam, sentences), goes_on[sentences])
            state = _pick(step.state, beam.rows.flatten())
        ended.take(beam, beam.is_filled & (ended.best[beam.sentences, None] == -math.inf))
        return ended.translations(need_weights and step.weights is not None)


class _Beam(NamedTuple):
    """The beginnings of N sentences, each with K places for them, of which some may be empty."""

    sentences: Tensor  # (N,), their numbers
    log_probabilities: Tensor  # (N, K), -inf where a place is empty
    words: Tensor  # (N, K, 1 + length), from <s> on
    weights: Tensor  # (N, K, length, S); (N, K, 0, 0) where none are asked for
    rows: Tensor  # (N, K), whose state each goes on from

    @property
    def is_filled(self) -> Tensor:
        """(N, K)."""
        return self.log_probabilities > -math.inf


class _Ended:
    """The best translation of each sentence so far, and how many more may end."""

    def __init__(self, num_sentences: int, beam_size: int, length_penalty: float, device: torch.device) -> None:
        self.places = torch.full((num_sentences,), beam_size, device=device)
        self.best = torch.full((num_sentences,), -math.inf, device=device)
        self._length_penalty = length_penalty
        self._found: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def take(self, beam: _Beam, which: Tensor) -> None:
        """Let these of its places (N, K) end."""
        scores = beam.log_probabilities / (beam.words.shape[2] - 1) ** self._length_penalty
        scores, places = scores.masked_fill(~which, -math.inf).max(1)  # (N,)
        better = scores > self.best[beam.sentences]
        self.best[beam.sentences[better]] = scores[better]
        self.places[beam.sentences] -= which.sum(1)
        for row in better.nonzero()[:, 0].tolist():
            one = row, int(places[row])
            found = beam.log_probabilities[one], beam.words[one][1:], beam.weights[one]
            self._found[int(beam.sentences[row])] = found

    def translations(self, with_weights: bool) -> Translations:
        """The best of each sentence, padded."""
        _check_found(self.best)
        found = [self._found[sentence] for sentence in range(len(self.best))]
        log_probabilities, words, weights = zip(*found, strict=True)
        words = pad_sequence(words, batch_first=True, padding_value=PAD)
        maps = pad_sequence(weights, batch_first=True) if with_weights else None
        return Translations(words, torch.stack(log_probabilities), maps)


def _start(source: Tensor, like: Tensor, need_weights: bool) -> _Beam:
    """One beginning a sentence: <s>."""
    sentences = torch.arange(len(source), device=source.device)
    zeros = torch.zeros(len(source), 1, device=source.device)
    words = torch.full_like(sentences, START)[:, None, None]
    weights = like.new_zeros(len(source), 1, 0, source.shape[1] if need_weights else 0)
    return _Beam(sentences, zeros, words, weights, sentences[:, None])


def _extend(beam: _Beam, step: Step, places: Tensor, beam_size: int) -> _Beam:
    """Add one word to the beginnings, in the best ways: as many a sentence as it has places left.

    Args:
        beam: N sentences with K places.
        step: what the model said to the N · K.
        places: (N,), how many more may be followed for a sentence.
        beam_size: the most there can be.

    Returns:
        The new beam, a sentence's best first.
    """
    found = [_best_words(_log_probabilities(rows), beam_size) for rows in step.logits.split(ROWS)]
    best, ids = (torch.cat(tensors).view(*beam.rows.shape, -1) for tensors in zip(*found, strict=True))  # (N, K, C)
    best = best.masked_fill(~beam.is_filled[..., None], -math.inf)
    if best.isnan().any():
        sentences = beam.sentences[best.isnan().flatten(1).any(1)].tolist()
        raise ValueError(f"the model gives NaN for the next words of the sentences {sentences}")
    totals = (beam.log_probabilities[..., None] + best).flatten(1)  # (N, K · C): those of one sentence compete
    totals, cells = totals.topk(min(beam_size, totals.shape[1]))  # (N, K'), best first
    is_left = torch.arange(totals.shape[1], device=places.device) < places[:, None]
    parents = cells // best.shape[2]
    words = torch.cat([_of(beam.words, parents), ids.flatten(1).gather(1, cells)[..., None]], dim=2)
    weights = _of(beam.weights, parents)
    if weights.shape[3] and step.weights is not None:
        looked = _of(step.weights.view(*beam.rows.shape, -1), parents)
        weights = torch.cat([weights, looked[:, :, None]], dim=2)
    rows = torch.arange(beam.rows.numel(), device=places.device).view_as(beam.rows)
    return _Beam(beam.sentences, totals.masked_fill(~is_left, -math.inf), words, weights, _of(rows, parents))


def _narrow(beam: _Beam, goes_on: Tensor) -> _Beam:
    """Empty the places (N, K) that do not go on, and leave as many as the fullest sentence needs."""
    order = goes_on.sort(dim=1, descending=True, stable=True).indices[:, : int(goes_on.sum(1).max())]
    beam = beam._replace(log_probabilities=beam.log_probabilities.masked_fill(~goes_on, -math.inf))
    _, *of_places = beam
    return _Beam(beam.sentences, *(_of(tensor, order) for tensor in of_places))


def _of(tensor: Tensor, places: Tensor) -> Tensor:
    """Of each sentence in (N, K, ...) these places (N, K'): (N, K', ...)."""
    return tensor[torch.arange(len(tensor), device=tensor.device)[:, None], places]


def _best_words(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` highest of each row of (R, V), best first, and their ids; fewer where there are fewer words."""
    num_words = scores.shape[1]
    if num_words <= count * STRETCH:
        return scores.topk(min(count, num_words))
    # The highest are in the stretches with the highest maxima or after the last stretch; topk is slow in long rows.
    stretches = scores.unfold(1, STRETCH, STRETCH).amax(-1).topk(count).indices
    ids = torch.arange(num_words, device=scores.device)
    rest = ids[num_words // STRETCH * STRETCH :].expand(len(scores), -1)
    candidates = torch.cat([ids.unfold(0, STRETCH, STRETCH)[stretches].flatten(1), rest], dim=1)
    best, places = scores.gather(1, candidates).topk(count)
    return best, candidates.gather(1, places)


def _log_probabilities(logits: Tensor) -> Tensor:
    """(R, V), in float32; <pad> and <s> are no words to write."""
    unwanted = torch.tensor([PAD, START], device=logits.device)
    return logits.index_fill(1, unwanted, -math.inf).log_softmax(-1, dtype=torch.float32)


def _pick(rows: Rows, indices: Tensor) -> Rows:
    """The same named tuple with these rows of every tensor."""
    return type(rows)(*(tensor.index_select(0, indices) for tensor in rows))


def _check_found(scores: Tensor) -> None:
    if not scores.isfinite().all():
        sentences = (~scores.isfinite()).nonzero()[:, 0].tolist()
        raise ValueError(f"the model gives no finite probability to any translation of the sentences {sentences}")
