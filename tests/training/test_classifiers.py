"""Classifiers learn from labels alone, and attention finds the words and sentences that decide."""

import pytest
import torch
from attnbook.data.reviews import compose_documents, parse_reviews
from attnbook.data.sun_lu import sample_sun_lu
from attnbook.data.text_batching import (
    DocumentBuckets,
    TextBuckets,
    make_document_batch,
    make_text_batch,
)
from attnbook.data.vocabulary import Vocabulary
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.classification import classification_loss
from attnbook.models.hierarchical_attention import HierarchicalAttention
from attnbook.training import fit
from torch.utils.data import DataLoader


def learn(model, buckets, items, make_batch, epochs, learning_rate):
    """Train, and return the loss of the last epoch."""

    def batches(epoch):
        buckets.set_epoch(epoch)
        return DataLoader(items, batch_sampler=buckets, collate_fn=make_batch)

    def loss(model, batch):
        return classification_loss(model(batch.words, batch.lengths).logits, batch.labels)

    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    history = fit(model, batches, loss, optimizer=optimizer, epochs=epochs, seed=0, progress=False)
    return history[-1]["loss"]


def learn_sun_lu(**options):
    """Train on the recipe's texts; return accuracy and weights on new ones, and which of their words decide."""
    train, test = sample_sun_lu(1500), sample_sun_lu(300, seed=1)
    vocabulary = Vocabulary.build(text.words for text in train)
    items, tested = ([(vocabulary.encode(text.words), text.label) for text in texts] for texts in (train, test))
    batch = make_text_batch(tested)
    model = AttentionClassifier(len(vocabulary), embed_dim=16, **options)
    learn(model, TextBuckets(items, 32), items, make_text_batch, 4, 0.02)
    with torch.no_grad():
        logits, weights = model(batch.words, batch.lengths, need_weights=True)
    accuracy = (logits.argmax(-1) == batch.labels).float().mean()
    return accuracy, weights, torch.tensor([text.decisive for text in test])


@pytest.mark.parametrize(
    ("options", "at_least"),
    [({"scale": 1.0}, 10), ({"score": "additive"}, 10), ({"cell": "lstm", "hidden_dim": 16}, 1.15)],
)
def test_attention_finds_the_two_words_that_decide(options, at_least):
    """On embeddings it leaves nearly nothing for others; an LSTM tells the neighbours, and attention asks them too."""
    accuracy, weights, decisive = learn_sun_lu(**options)
    assert accuracy > 0.95
    assert weights[decisive].mean() > at_least * weights[~decisive].mean()


def test_a_large_scale_flattens_the_weights_and_costs_no_accuracy():
    accuracy, weights, _ = learn_sun_lu(scale=1e4)
    assert accuracy > 0.95
    assert (weights - 1 / 12).abs().max() < 1e-3


def test_hierarchical_attention_finds_the_sentences_that_decide():
    things = {"restaurants": "soup", "films": "scene", "books": "plot", "trips": "beach", "devices": "screen"}
    reviews = parse_reviews(
        {"text": f"The {thing} was {how} {number}", "marks": [], "label": label, "topic": topic, "kind": "plain"}
        for topic, thing in things.items()
        for label, how in (("negative", "bad"), ("positive", "good"))
        for number in range(20)
    )
    train, test = compose_documents(reviews, 1000), compose_documents(reviews, 200, seed=1)
    vocabulary = Vocabulary.build(review.words for review in reviews)
    items, tested = (
        [([vocabulary.encode(sentence.words) for sentence in document.sentences], document.label) for document in part]
        for part in (train, test)
    )
    batch = make_document_batch(tested)
    model = HierarchicalAttention(len(vocabulary), embed_dim=16, hidden_dim=8)
    learn(model, DocumentBuckets(items, 16), items, make_document_batch, 4, 0.02)
    with torch.no_grad():
        logits, _, weights = model(batch.words, batch.lengths, need_weights=True)
    assert (logits.argmax(-1) == batch.labels).float().mean() > 0.9
    deciding = torch.zeros(weights.shape, dtype=torch.bool)
    for row, document in zip(deciding, test, strict=True):
        row[: len(document.deciding)] = torch.tensor(document.deciding)
    chance = deciding.sum(-1) / (batch.lengths > 0).sum(-1)
    # Half of it would do: where only one label's sentences draw attention, their absence tells the other label.
    assert (weights * deciding).sum(-1).mean() > 0.45 > 1.5 * chance.mean()
