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
        whole = memory = model.encode(source, source_lengths)
        state = model.start(memory)
        beam = _start(source, memory[0], need_weights)
        ended = _Ended(len(source), beam_size, length_penalty, source.device)
        for length in range(1, max_length + 1):
            step = model.step(beam.words[:, -1], state, memory)
            held = beam.sentences
            beam, parents = _extend(beam, step, ended.places, beam_size)
            over = beam.words[:, -1] == END
            ended.take(_pick(beam, over.nonzero()[:, 0]))
            can_win = beam.log_probabilities / max_length**length_penalty > ended.best[beam.sentences]
            rows = (~over & can_win).nonzero()[:, 0]
            if length == max_length or not len(rows):
                break
            beam, state = _pick(beam, rows), _pick(step.state, parents[rows])
            if not torch.equal(beam.sentences, held):
                memory = _pick(whole, beam.sentences)
        ended.take(_pick(beam, (ended.best[beam.sentences] == -math.inf).nonzero()[:, 0]))
        return ended.translations(need_weights and step.weights is not None)


class _Beam(NamedTuple):
    """The beginnings of all sentences: R rows, in the order of the sentences."""

    sentences: Tensor  # (R,), whose beginning it is
    log_probabilities: Tensor  # (R,)
    words: Tensor  # (R, 1 + length), from <s> on
    weights: Tensor  # (R, length, S); (R, 0, 0) where none are asked for


class _Ended:
    """The best translation of each sentence so far, and how many more may end."""

    def __init__(self, num_sentences: int, beam_size: int, length_penalty: float, device: torch.device) -> None:
        self.places = torch.full((num_sentences,), beam_size, device=device)
        self.best = torch.full((num_sentences,), -math.inf, device=device)
        self._length_penalty = length_penalty
        self._found: dict[int, _Beam] = {}

    def take(self, beam: _Beam) -> None:
        """Let these translations end; all have one length."""
        length = beam.words.shape[1] - 1
        scores = beam.log_probabilities / length**self._length_penalty
        before = self.best.clone()
        self.best.scatter_reduce_(0, beam.sentences, scores, "amax")
        self.places -= beam.sentences.bincount(minlength=len(self.places))
        better = (scores == self.best[beam.sentences]) & (scores > before[beam.sentences])
        for row in better.nonzero()[:, 0].tolist():
            self._found[int(beam.sentences[row])] = _Beam(*(tensor[row] for tensor in beam))

    def translations(self, with_weights: bool) -> Translations:
        """The best of each sentence, padded."""
        _check_found(self.best)
        found = [self._found[sentence] for sentence in range(len(self.best))]
        log_probabilities = torch.stack([beam.log_probabilities for beam in found])
        words = pad_sequence([beam.words[1:] for beam in found], batch_first=True, padding_value=PAD)
        maps = pad_sequence([beam.weights for beam in found], batch_first=True) if with_weights else None
        return Translations(words, log_probabilities, maps)


def _start(source: Tensor, like: Tensor, need_weights: bool) -> _Beam:
    """One beginning a sentence: <s>."""
    sentences = torch.arange(len(source), device=source.device)
    zeros = torch.zeros(len(source), device=source.device)
    words = torch.full_like(sentences, START)[:, None]
    return _Beam(sentences, zeros, words, like.new_zeros(len(source), 0, source.shape[1] if need_weights else 0))


def _extend(beam: _Beam, step: Step, places: Tensor, beam_size: int) -> tuple[_Beam, Tensor]:
    """Add one word to the beginnings, in the best ways: as many a sentence as it has places left.

    Args:
        beam: R rows.
        step: what the model said to them.
        places: (B,), how many more may be followed for a sentence.
        beam_size: the most there can be.

    Returns:
        The new beam of N rows, and (N,) the rows of the old one that they continue.
    """
    rows = torch.arange(len(step.logits), device=places.device)
    best, words = _best_words(_log_probabilities(step.logits), beam_size)  # (R, k)
    if best.isnan().any():
        sentences = beam.sentences[best.isnan().any(-1)].unique().tolist()
        raise ValueError(f"the model gives NaN for the next words of the sentences {sentences}")
    num_choices = best.shape[1]
    # A grid of sentences by places, so that only the beginnings of one sentence compete.
    place = rows - torch.searchsorted(beam.sentences, beam.sentences)
    grid = best.new_full((len(places), beam_size, num_choices), -math.inf)
    grid[beam.sentences, place] = beam.log_probabilities[:, None] + best
    row_at = rows.new_zeros(len(places), beam_size)
    row_at[beam.sentences, place] = rows
    totals, cells = grid.flatten(1).topk(beam_size)  # (B, beam_size), best first
    chosen = (torch.arange(beam_size, device=places.device) < places[:, None]) & (totals > -math.inf)
    sentences = chosen.nonzero()[:, 0]
    parents = row_at[sentences, cells[chosen] // num_choices]
    word = words[parents, cells[chosen] % num_choices]
    longer = torch.cat([beam.words[parents], word[:, None]], dim=1)
    weights, width = beam.weights[parents], beam.weights.shape[2]
    if width and step.weights is not None:
        weights = torch.cat([weights, step.weights[parents, None]], dim=1)
    return _Beam(sentences, totals[chosen], longer, weights), parents


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
