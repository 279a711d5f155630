"""The classifiers that come with the book: stored small, they decide as they did."""

from dataclasses import replace

import pytest
import torch
from attnbook.data.texts import LabelledText
from attnbook.recipes import pretrained_classifiers
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.pretrained_classifiers import (
    RUNS,
    SCALES,
    load_classifier_pretrained,
    save_classifiers,
    train_scales,
)
from attnbook.recipes.text_corpora import composed_splits, load_text_corpus


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Small ones, trained on little."""
    texts = {"sun_lu": 200, "composed": 100}
    found = {}
    for name, data in (("dp", "sun_lu"), ("dp-l", "sun_lu"), ("han", "composed")):
        settings = replace(DEFAULTS[data], epochs=2, embed_dim=8, hidden_dim=4, learning_rate=0.02, texts=texts[data])
        corpus = load_text_corpus(data, texts=texts[data])
        corpus = replace(corpus, validation=corpus.validation[:40])
        found[name] = train_scales(ClassificationRun(data, name, settings), corpus, tmp_path_factory.mktemp(name))
    return found


def probabilities(trained, examples):
    if trained.run.model == "han":
        return torch.tensor([trained.read_document(example.sentences).probability for example in examples])
    ids, mask, _ = trained.encode([LabelledText(tuple(example.words), example.label) for example in examples])
    return trained.predict(ids, mask)[:, 1].detach()


@pytest.mark.parametrize("name", RUNS)
def test_what_is_stored_in_half_precision_decides_as_before(name, trained, tmp_path, monkeypatch):
    save_classifiers(trained[name], tmp_path)
    monkeypatch.setattr(pretrained_classifiers, "FOLDER", tmp_path)
    run = trained[name][0].run
    examples = next(iter(load_text_corpus(run.data, texts=run.settings.texts).tests.values()))[:100]
    assert len(trained[name]) == (1 if name == "han" else len(SCALES))
    for before in trained[name]:
        again = load_classifier_pretrained(name, **before.run.options)
        assert (again.run, again.seed) == (before.run, before.seed) and not again.model.training
        assert again.vocabulary.words == before.vocabulary.words
        assert again.history == [max(before.history, key=lambda record: record["accuracy"])]
        now, then = probabilities(again, examples), probabilities(before, examples)
        torch.testing.assert_close(now, then, atol=0.01, rtol=0)
        clear = (then - 0.5).abs() > 1e-3
        assert torch.equal(now[clear] > 0.5, then[clear] > 0.5) and clear.sum() > 50


def test_two_numbers_a_word_are_all_that_the_paper_s_model_has(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "half", torch.Tensor.float)  # so that nothing is rounded
    save_classifiers(trained["dp"], tmp_path)
    monkeypatch.setattr(pretrained_classifiers, "FOLDER", tmp_path)
    texts = [LabelledText(tuple(trained["dp"][0].vocabulary.words[5:15]), 1)]
    for before in trained["dp"]:
        again = load_classifier_pretrained("dp", **before.run.options)
        assert again.model.embedding.embedding_dim == 2
        ids, mask, _ = again.encode(texts)
        for method in ("attention_scores", "polarity_scores"):
            torch.testing.assert_close(getattr(again.model, method)(ids), getattr(before.model, method)(ids))
        torch.testing.assert_close(again.predict(ids, mask), before.predict(ids, mask))


def test_an_lstm_s_embeddings_are_learned_at_one_scale_and_shared(trained):
    first, *others = trained["dp-l"]
    assert first.run.options == {"scale": 10.0}
    assert all(torch.equal(one.model.embedding.weight, first.model.embedding.weight) for one in others)
    assert not torch.equal(others[0].model.output.weight, first.model.output.weight)


@pytest.mark.parametrize("name", ["dp", "dp-l"])
@pytest.mark.parametrize("scale", [1.0, 10.0, 10000.0])
def test_the_book_s_classifiers_know_good_from_bad(name, scale):
    trained = load_classifier_pretrained(name, scale)
    assert trained.run.options == {"scale": scale} and trained.model.pooling.scale == scale
    assert trained.read("A wonderful, moving film.").probability > 0.7
    assert trained.read("A dull and stupid mess.").probability < 0.3


@pytest.mark.parametrize("name", ["dp", "dp-l"])
def test_the_larger_the_scale_the_flatter_the_weights(name):
    words = ["the", "plot", "is", "dull", "but", "the", "actors", "are", "wonderful"]
    readings = [load_classifier_pretrained(name, scale).read(words) for scale in SCALES]
    spread = [float(found.weights.max() - found.weights.min()) for found in readings]
    assert spread[0] > 0.5 > spread[4] > spread[5] > spread[6] > spread[7]
    assert spread[7] < 1e-3


def test_the_book_s_hierarchical_classifier_decides_by_sentences_that_it_knows():
    trained = load_classifier_pretrained("han")
    documents = composed_splits(2)["known_sentences"][:40]
    right = heaviest = 0
    for document in documents:
        found = trained.read_document([sentence.words for sentence in document.sentences])
        right += (found.probability > 0.5) == document.label
        heaviest += document.deciding[int(found.sentence_weights.argmax())]
    assert right >= 36 and heaviest >= 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bert",), "unknown classifier 'bert'; allowed: dp, dp-l, han"),
        (("dp", 5), r"scale must be one of 0\.001, 0\.01, 0\.1, 1, 10, 100, 1000, 10000; got 5"),
    ],
)
def test_what_is_not_there_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_classifier_pretrained(*arguments)
