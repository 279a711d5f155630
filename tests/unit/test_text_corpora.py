"""The sets of texts that classifiers learn from, and how what a classifier makes of them is graded."""

import os
from itertools import chain

import pytest
import torch
from attnbook.data.vocabulary import Vocabulary
from attnbook.models.classifiers import create_classifier
from attnbook.recipes.classification_grading import (
    Weighed,
    grade_attention,
    grade_baselines,
    grade_classifier,
    grade_together,
    read_examples,
)
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.text_corpora import (
    DATA,
    Example,
    TextCorpus,
    composed_splits,
    cut_sentences,
    encode_examples,
    load_text_corpus,
)
from attnbook.recipes.trained_classifier import TrainedClassifier
from attnbook.training import History

DOCUMENTS = [
    Example(
        (("the", "food", "was", "bad"), ("good", "plot")),
        0,
        (False, False, False, True, False, False),
        (True, False),
        (0, 1),
    ),
    Example((("slow",), ("good", "food"), ("dull",)), 1, (False, True, False, False), (False, True, False), (0, 1, 0)),
]


def test_composed_documents_are_of_sentences_that_training_shows_or_does_not():
    splits = composed_splits(1000)
    sentences = {
        name: {sentence.words for document in documents for sentence in document.sentences}
        for name, documents in splits.items()
    }
    assert [len(documents) for documents in splits.values()] == [1000, 500, 500, 500]
    assert not sentences["train"] & sentences["new_sentences"]
    assert not sentences["known_sentences"] & sentences["new_sentences"]
    assert sentences["known_sentences"] <= sentences["train"]
    orders = [tuple(s.words for s in document.sentences) for documents in splits.values() for document in documents]
    assert len(set(orders)) == len(orders)


def test_a_corpus_of_documents_keeps_what_is_known_of_them():
    corpus = load_text_corpus("composed", texts=50)
    assert corpus.tests.keys() == {"_known_sentences", "_new_sentences"} and len(corpus.train) == 50
    documents = composed_splits(50)["new_sentences"]
    for example, document in zip(corpus.tests["_new_sentences"], documents, strict=True):
        assert tuple(example.words) == document.text.words and example.decisive == document.text.decisive
        assert example.deciding == document.deciding and len(example.tones) == len(example.sentences)
        assert {tone for tone, decides in zip(example.tones, example.deciding, strict=True) if decides} == {
            example.label
        }
    assert 0.65 < grade_baselines(corpus)["accuracy_majority_tone_new_sentences"] < 0.75


def test_rare_words_are_unknown():
    every, frequent = (load_text_corpus("sun_lu", texts=200, min_count=count).vocabulary for count in (1, 3))
    assert len(frequent) < len(every) and set(frequent.words) < set(every.words)


@pytest.mark.parametrize(("data", "texts"), [("sun_lu", 60), ("composed", 60)])
def test_words_without_an_id_follow_those_that_have_one(data, texts):
    closed, opened = (load_text_corpus(data, texts=texts, min_count=2, unseen_words=unseen) for unseen in (False, True))
    splits = [opened.train, opened.validation, *opened.tests.values()]
    shown, everywhere = (
        {word for example in part for word in example.words} for part in (opened.train, chain(*splits))
    )
    known = set(closed.vocabulary.words)
    assert opened.vocabulary.words == [*closed.vocabulary.words, *sorted(everywhere - known)]
    assert shown - known and everywhere - shown  # some are rare in training, some are absent from it
    assert (opened.train, opened.tests) == (closed.train, closed.tests)


def test_chinese_texts_are_cut_behind_their_marks():
    cut = [["！", "菜", "好吃", "，"], ["很", "快", "！", "！"], ["就是", "贵", "了"]]
    assert cut_sentences([word for sentence in cut for word in sentence]) == cut
    assert cut_sentences(["。"]) == [["。"]]
    assert cut_sentences(["。", "，", "好"]) == [["。", "，", "好"]]


def test_documents_are_encoded_by_sentences_or_in_a_row():
    vocabulary = Vocabulary(["good", "food"])
    assert encode_examples(DOCUMENTS[1:], vocabulary, documents=True) == [([[1], [4, 5], [1]], 1)]
    assert encode_examples(DOCUMENTS[1:], vocabulary, documents=False) == [([1, 4, 5, 1], 1)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "imdb"}, "unknown data 'imdb'; there are sst2, rt_polarity, waimai, composed, sun_lu"),
        ({"data": "sst2", "texts": 100}, "is for composed and sun_lu, and these need one; got 100 for sst2"),
        ({"data": "sun_lu"}, "these need one; got None for sun_lu"),
        ({"data": "composed", "texts": 100, "fold": 1}, "composed has one split, no folds; got fold 1"),
    ],
)
def test_what_the_data_do_not_take_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load_text_corpus(**options)


def test_attention_is_graded_by_hand():
    weighed = [
        Weighed(torch.tensor([0.0, 0.1, 0.0, 0.3, 0.6, 0.0]), torch.tensor([0.4, 0.6])),
        Weighed(torch.tensor([0.1, 0.5, 0.2, 0.2]), torch.tensor([0.1, 0.7, 0.2])),
    ]
    assert grade_attention(DOCUMENTS, weighed) == pytest.approx(
        {
            "weight_on_decisive_words": (0.3 + 0.5) / 2,
            "average_precision": (1 / 2 + 1) / 2,  # second of six, first of four
            "weight_on_deciding_sentences": (0.4 + 0.7) / 2,
            "heaviest_sentence_decides": 1 / 2,
            "average_precision_in_deciding_sentences": 1.0,
        }
    )
    assert grade_attention([Example((("a",),), 0)], [Weighed(torch.ones(1), torch.ones(1))]) == {}


def test_baselines_by_hand():
    corpus = TextCorpus(Vocabulary(["bad"]), [*DOCUMENTS, DOCUMENTS[0]], [], {"": [*DOCUMENTS, DOCUMENTS[1]]})
    found = grade_baselines(corpus)
    assert found["accuracy_majority"] == pytest.approx(1 / 3)
    assert found["macro_f1_majority"] == pytest.approx((2 * 1 / (2 + 2) + 0) / 2)  # F1 of the other class is 0
    assert found["accuracy_naive_bayes"] == 1.0
    assert found["accuracy_majority_tone"] == pytest.approx((0.5 + 0 + 0) / 3)
    assert found["heaviest_sentence_decides_chance"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 3) / 3, abs=0.2)
    assert found["weight_on_decisive_words_chance"] == pytest.approx((1 / 6 + 1 / 4 + 1 / 4) / 3, abs=0.1)


@pytest.mark.parametrize("name", ["han", "han-average", "gru-attention", "average"])
def test_batches_are_read_as_each_document_alone(name):
    corpus = load_text_corpus("composed", texts=100)
    model = create_classifier(name, len(corpus.vocabulary), embed_dim=6, hidden_dim=4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    run = ClassificationRun("composed", name, DEFAULTS["composed"])
    trained = TrainedClassifier(model.eval(), corpus.vocabulary, run, 0, History())
    examples = corpus.validation[:70]
    probabilities, weighed = read_examples(model, corpus.vocabulary, examples)
    for place in (0, 33, 69):
        example = examples[place]
        if name.startswith("han"):
            alone = trained.read_document(example.sentences)
            pairs = zip(alone.word_weights, alone.sentence_weights, strict=True)
            torch.testing.assert_close(weighed[place].words, torch.cat([words * weight for words, weight in pairs]))
            torch.testing.assert_close(weighed[place].sentences, alone.sentence_weights)
        else:
            alone = trained.read(example.words)
            torch.testing.assert_close(weighed[place].words, alone.weights)
            first = len(example.sentences[0])
            torch.testing.assert_close(weighed[place].sentences[0], alone.weights[:first].sum())
        assert float(probabilities[place, 1]) == pytest.approx(alone.probability, abs=1e-5)


def test_models_without_weights_are_graded_by_their_labels_alone():
    corpus = load_text_corpus("sun_lu", texts=50)
    model = create_classifier("last-l", len(corpus.vocabulary), embed_dim=6, hidden_dim=4).eval()
    grades = grade_classifier(model, corpus)
    assert grades.keys() == {"accuracy", "macro_f1"}
    probabilities, weighed = read_examples(model, corpus.vocabulary, corpus.tests[""])
    labels = torch.tensor([example.label for example in corpus.tests[""]])
    assert weighed is None and grades["accuracy"] == float((probabilities.argmax(-1) == labels).double().mean())


def test_classifiers_decide_together_by_the_mean_of_their_probabilities():
    corpus = load_text_corpus("sun_lu", texts=50)
    models = [create_classifier("dp", len(corpus.vocabulary), embed_dim=6).eval() for _ in range(3)]
    probabilities = sum(read_examples(model, corpus.vocabulary, corpus.tests[""])[0] for model in models)
    labels = torch.tensor([example.label for example in corpus.tests[""]])
    together = grade_together(models, corpus)
    assert together.keys() == {"accuracy", "macro_f1"}
    assert together["accuracy"] == float((probabilities.argmax(-1) == labels).double().mean())
    for model in models:
        alone = grade_classifier(model, corpus)
        assert grade_together([model, model], corpus) == {name: alone[name] for name in together}


@pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")
def test_the_real_data_are_split_as_they_say():
    assert tuple(DEFAULTS) == DATA
    sst2 = load_text_corpus("sst2", min_count=3)
    assert [len(part) for part in (sst2.train, sst2.validation, sst2.tests[""])] == [6920, 872, 1821]
    assert len(sst2.vocabulary) == 4946
    folds = [load_text_corpus("rt_polarity", fold=fold) for fold in (0, 9)]
    for corpus in folds:
        assert sum(example.label for example in corpus.tests[""]) == 533
    assert folds[0].tests[""] != folds[1].tests[""]
    waimai = load_text_corpus("waimai", fold=1)
    assert len(waimai.train) + len(waimai.validation) + len(waimai.tests[""]) == 11987
    assert ["".join(sentence) for sentence in waimai.train[0].sentences] == ["很快，", "好吃，", "味道足，", "量大"]
