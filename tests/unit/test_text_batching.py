"""Batches of texts and documents by length, with their labels."""

from itertools import pairwise

import pytest
import torch
from attnbook.data.text_batching import DocumentBuckets, TextBuckets, make_document_batch, make_text_batch
from attnbook.data.vocabulary import PAD
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader


def make_texts(*lengths):
    return [(list(range(4, 4 + length)), index % 2) for index, length in enumerate(lengths)]


def make_documents(*counts):
    return [
        ([[4 + index] * (1 + number % 3) for number in range(count)], index % 2) for index, count in enumerate(counts)
    ]


def test_a_batch_of_texts():
    batch = make_text_batch([([7, 8, 9], 1), ([4], 0)])
    assert batch.words.tolist() == [[7, 8, 9], [4, PAD, PAD]]
    assert batch.lengths.tolist() == [3, 1] and batch.labels.tolist() == [1, 0]
    assert all(tensor.dtype == torch.long for tensor in batch)


def test_a_batch_of_documents():
    batch = make_document_batch([([[7, 8], [9]], 1), ([[4, 5, 6]], 0)])
    assert batch.words.tolist() == [[[7, 8, PAD], [9, PAD, PAD]], [[4, 5, 6], [PAD] * 3]]
    assert batch.lengths.tolist() == [[2, 1], [3, 0]] and batch.labels.tolist() == [1, 0]
    assert all(tensor.dtype == torch.long for tensor in batch)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 7), st.booleans(), st.integers(0, 3))
def test_every_text_comes_once_with_others_of_its_length(lengths, size, shuffle, epoch):
    for buckets, make_batch, items in (
        (TextBuckets, make_text_batch, make_texts(*lengths)),
        (DocumentBuckets, make_document_batch, make_documents(*lengths)),
    ):
        chosen = buckets(items, size, shuffle=shuffle)
        chosen.set_epoch(epoch)
        batches = list(chosen)
        assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
        assert len(batches) == len(chosen) == -(-len(lengths) // size)
        spans = sorted(
            (min(lengths[index] for index in batch), max(lengths[index] for index in batch)) for batch in batches
        )
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
        real = padded = 0
        for batch in batches:
            made = make_batch([items[index] for index in batch])
            rows = made.lengths if buckets is TextBuckets else (made.lengths > 0).sum(1)
            real, padded = real + int(rows.sum()), padded + made.words.shape[0] * made.words.shape[1]
        assert chosen.padding_share == pytest.approx(1 - real / padded)


def test_a_data_loader_takes_both():
    texts = make_texts(3, 1, 2, 2, 5)
    loader = DataLoader(texts, batch_sampler=TextBuckets(texts, 2, seed=1), collate_fn=make_text_batch)
    rows = sorted(
        (row[row != PAD].tolist(), label)
        for batch in loader
        for row, label in zip(batch.words, batch.labels, strict=True)
    )
    assert rows == sorted(texts)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TextBuckets(make_texts(3, 0), 2), "text 1 is empty"),
        (lambda: TextBuckets(make_texts(3, 9), 2, max_length=8), "text 1 has 9 ids, allowed are 8"),
        (lambda: TextBuckets([], 2), "there is no text"),
        (lambda: TextBuckets(make_texts(3), 0), "1 or more; got 0"),
        (lambda: DocumentBuckets(make_documents(2, 0), 2), "document 1 is empty"),
        (lambda: DocumentBuckets(make_documents(2, 9), 2, max_length=8), "document 1 has 9 sentences, allowed are 8"),
        (lambda: DocumentBuckets([], 2), "there is no document"),
        (lambda: make_text_batch(make_texts(3, 0)), "sequence 1 is empty"),
        (lambda: make_text_batch([]), "there is no sequence to pad"),
        (lambda: make_document_batch([([[4]], 0), ([], 1)]), "document 1 is empty"),
        (lambda: make_document_batch([([[4]], 0), ([[4], []], 1)]), "document 1 has an empty sentence"),
        (lambda: make_document_batch([]), "there is no document to pad"),
    ],
)
def test_what_cannot_be_batched(make, message):
    with pytest.raises(ValueError, match=message):
        make()
