"""Batches by length: every pair once, little padding, an order that the seed decides."""

from itertools import pairwise

import pytest
import torch
from attnbook.data.batching import LengthBuckets, make_batch, pad
from attnbook.data.vocabulary import END, PAD, START
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader


def make_pairs(*lengths):
    return [(list(range(4, 4 + source)), list(range(4, 4 + target))) for source, target in lengths]


MIXED = make_pairs(*((1 + index * 7 % 13, 1 + index * 7 % 13 + index % 3) for index in range(156)))
some_pairs = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=40)


def padding_of(batches):
    """Share of padding, counted in the tensors."""
    tensors = [side for batch in batches for side in (batch.source, batch.target)]
    return sum(int((side == PAD).sum()) for side in tensors) / sum(side.numel() for side in tensors)


def test_a_batch():
    batch = make_batch([([7, 8], [9]), ([7], [4, 5, 6])])
    assert batch.source.tolist() == [[7, 8, END], [7, END, PAD]]
    assert batch.target.tolist() == [[START, 9, END, PAD, PAD], [START, 4, 5, 6, END]]
    assert batch.source_lengths.tolist() == [3, 2] and batch.target_lengths.tolist() == [3, 5]
    assert all(tensor.dtype == torch.long for tensor in batch)


def test_pad():
    padded, lengths = pad([[5], [6, 7, 8]])
    assert padded.tolist() == [[5, PAD, PAD], [6, 7, 8]] and lengths.tolist() == [1, 3]
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        pad([[5], []])
    with pytest.raises(ValueError, match="there is no sequence to pad"):
        pad([])


@given(some_pairs, st.integers(1, 7), st.booleans(), st.integers(0, 3))
def test_every_pair_comes_once_and_batches_are_full(lengths, size, shuffle, epoch):
    buckets = LengthBuckets(make_pairs(*lengths), sentences=size, shuffle=shuffle)
    buckets.set_epoch(epoch)
    batches = list(buckets)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert len(batches) == len(buckets) == -(-len(lengths) // size)
    assert sorted(map(len, batches))[1:] == [size] * (len(batches) - 1)


@given(some_pairs, st.integers(11, 40), st.integers(0, 3))
def test_no_batch_has_more_tokens_than_allowed_and_none_could_take_the_next(lengths, tokens, epoch):
    pairs = make_pairs(*lengths)
    buckets = LengthBuckets(pairs, tokens=tokens)
    buckets.set_epoch(epoch)
    batches = list(buckets)
    assert sorted(index for batch in batches for index in batch) == list(range(len(pairs)))

    def size(indices):
        batch = make_batch([pairs[index] for index in indices])
        return max(batch.source.numel(), batch.target.numel())

    assert all(size(batch) <= tokens for batch in batches)
    buckets = LengthBuckets(pairs, tokens=tokens, shuffle=False)
    ordered = list(buckets)
    assert all(size([*batch, following[0]]) > tokens for batch, following in pairwise(ordered))


@pytest.mark.parametrize("how", [{"sentences": 8}, {"tokens": 64}])
def test_padding_share_is_what_the_tensors_hold_and_less_than_without_buckets(how):
    buckets = LengthBuckets(MIXED, **how)
    for epoch in (0, 1):
        buckets.set_epoch(epoch)
        batches = [make_batch([MIXED[index] for index in batch]) for batch in buckets]
        assert buckets.padding_share == pytest.approx(padding_of(batches), abs=1e-12)
    unsorted = [make_batch(MIXED[start : start + 8]) for start in range(0, len(MIXED), 8)]
    assert buckets.padding_share < 0.5 * padding_of(unsorted)


def test_seed_and_epoch_decide_the_order():
    def order(seed, epoch):
        buckets = LengthBuckets(MIXED, sentences=6, seed=seed)
        buckets.set_epoch(epoch)
        return list(buckets)

    assert order(0, 0) == order(0, 0)
    assert len({str(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4
    # Equal lengths change company from epoch to epoch, not only batches their places.
    assert sorted(map(sorted, order(0, 0))) != sorted(map(sorted, order(0, 1)))


def test_without_shuffling_batches_go_from_short_to_long():
    batches = list(LengthBuckets(MIXED, sentences=8, shuffle=False))
    lengths = [(len(MIXED[index][0]), len(MIXED[index][1]), index) for batch in batches for index in batch]
    assert lengths == sorted(lengths)


def test_a_data_loader_takes_both():
    buckets = LengthBuckets(MIXED, sentences=8)
    loader = DataLoader(MIXED, batch_sampler=buckets, collate_fn=make_batch)
    rows = [tuple(row[row > END].tolist()) for batch in loader for row in batch.source]
    assert sorted(rows) == sorted(tuple(source) for source, _ in MIXED)


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        (make_pairs((3, 2), (2, 0)), {"sentences": 2}, "pair 1: its target sentence is empty"),
        (make_pairs((0, 2)), {"sentences": 2}, "pair 0: its source sentence is empty"),
        (make_pairs((3, 2), (9, 2)), {"sentences": 2, "max_length": 8}, "pair 1: its source .* 9 ids, allowed are 8"),
        (make_pairs((3, 2), (3, 9)), {"tokens": 10}, "pair 1 has 11 ids with <s> and </s>, a batch 10"),
        ([], {"sentences": 2}, "there is no sentence pair"),
        (MIXED, {}, "give either sentences or tokens, 1 or more; got None and None"),
        (MIXED, {"sentences": 2, "tokens": 2}, "got 2 and 2"),
        (MIXED, {"tokens": 0}, "got None and 0"),
        (MIXED, {"sentences": 0}, "got 0 and None"),
    ],
)
def test_bad_sentences_and_sizes(pairs, options, message):
    with pytest.raises(ValueError, match=message):
        LengthBuckets(pairs, **options)


def test_a_batch_of_an_empty_sentence_or_of_none():
    with pytest.raises(ValueError, match="pair 1: its source sentence is empty"):
        make_batch(make_pairs((1, 1), (0, 1)))
    with pytest.raises(ValueError, match="there is no sentence pair"):
        make_batch([])
