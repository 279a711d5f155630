"""A trained classifier reads texts and documents, and gives the metrics of explanations what they take."""

import pytest
import torch
from attnbook.data.texts import LabelledText
from attnbook.data.vocabulary import UNKNOWN, Vocabulary
from attnbook.layers.subword_embedding import SubwordEmbedding
from attnbook.models.classifiers import CLASSIFIER_NAMES, create_classifier, reads_documents
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.trained_classifier import TrainedClassifier
from attnbook.training import History

WORDS = ["a", "good", "film", "bad", "is", "n't", "it", "."]
TEXTS = [
    LabelledText(("a", "good", "film"), 1),
    LabelledText(("it", "is", "n't", "a", "bad", "story", "."), 1),
    LabelledText(("bad",), 0),
]
FLAT = [name for name in CLASSIFIER_NAMES if not reads_documents(name)]
WITH_WEIGHTS = [name for name in FLAT if name not in ("last-l", "gru")]


def make(name, data="sst2"):
    vocabulary = Vocabulary(WORDS)
    model = create_classifier(name, len(vocabulary), embed_dim=6, hidden_dim=4, dropout=0.5, word_dropout=0.5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    return TrainedClassifier(model.eval(), vocabulary, ClassificationRun(data, name, DEFAULTS[data]), 0, History())


@pytest.mark.parametrize("name", FLAT)
def test_a_reading_says_what_the_model_says(name):
    trained = make(name)
    found = trained.read("It isn't a bad STORY.")
    assert found.words == ["it", "is", "n't", "a", "bad", "story", "."]
    assert found.unknown == [word == "story" for word in found.words]
    ids = torch.tensor([trained.vocabulary.encode(found.words)])
    with torch.no_grad():
        logits, weights = trained.model(ids, need_weights=True)
    assert found.probability == pytest.approx(float(logits.softmax(-1)[0, 1]))
    torch.testing.assert_close(found.polarity_scores, trained.model.polarity_scores(ids)[0].detach())
    if name in WITH_WEIGHTS:
        torch.testing.assert_close(found.weights, weights[0])
        # What an attention-weighted mean of states is judged by: s = Σ α_i s_i.
        score = float(found.weights @ found.polarity_scores)
        assert found.probability == pytest.approx(float(torch.tensor(score).sigmoid()), abs=1e-5)
    else:
        assert found.weights is None
    if found.attention_scores is not None:
        torch.testing.assert_close(found.attention_scores.softmax(-1), found.weights)
    assert (found.attention_scores is None) == (name not in ("dp", "dp-l", "additive", "additive-l", "gru-attention"))


def test_words_that_are_spelled_are_read_even_if_all_are_new():
    trained = make("additive-l")
    trained.model.embedding = SubwordEmbedding(trained.vocabulary.words, 6, rows=50)
    one, other = trained.read("a story"), trained.read("a tale")
    assert one.unknown == other.unknown == [False, True]
    assert not one.polarity_scores.equal(other.polarity_scores)
    assert trained.read("stories").unknown == [True]
    with torch.no_grad():
        known = trained.model.embedding(torch.tensor(trained.vocabulary.encode(["a"])))
        embedded = torch.cat([known, trained.model.embedding.spell(["story"])])
        logits = trained.model.forward_embedded(embedded[None]).logits
    assert one.probability == pytest.approx(float(logits.softmax(-1)[0, 1]))
    with pytest.raises(ValueError, match="the text is empty"):
        trained.read("")


def test_words_are_read_as_they_are_and_text_as_its_data_are_cut():
    assert make("dp").read(["it", "is", "isn't"]).unknown == [False, False, True]
    trained = make("dp", "waimai")._replace(vocabulary=Vocabulary(["味道", "不错", *WORDS[2:]]))
    assert trained.read("味道不错").words == ["味道", "不错"]


@pytest.mark.parametrize("name", FLAT)
def test_predict_takes_ids_and_embeddings_and_each_text_as_if_alone(name):
    trained = make(name)
    ids, mask, labels = trained.encode(TEXTS)
    assert labels.tolist() == [1, 1, 0] and mask.sum(1).tolist() == [3, 7, 1] and ids[1, 5] == UNKNOWN
    together = trained.predict(ids, mask)
    alone = [trained.read(text.words).probability for text in TEXTS]
    torch.testing.assert_close(together[:, 1], torch.tensor(alone))
    embedded = trained.model.embedding(ids).detach().requires_grad_()
    torch.testing.assert_close(trained.predict(embedded, mask), together)
    trained.predict(embedded, mask)[:, 1].sum().backward()
    assert embedded.grad[mask].abs().sum(-1).min() > 0 and embedded.grad[~mask].abs().max() == 0


def test_a_text_of_which_nothing_is_left_is_undecided():
    trained = make("dp-l")
    ids, mask, _ = trained.encode(TEXTS[:1])
    torch.testing.assert_close(trained.predict(ids, mask & False), torch.tensor([[0.5, 0.5]]))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_responding_to_its_own_weights_a_model_predicts_what_it_did(name):
    trained = make(name)
    ids, mask, _ = trained.encode(TEXTS)
    respond = trained.respond(ids, mask)
    weights = trained.model(ids, mask.sum(1), need_weights=True).weights
    torch.testing.assert_close(respond(weights), trained.predict(ids, mask))
    turned = respond(weights.roll(1, dims=1))
    assert (turned - trained.predict(ids, mask)).abs().max() > 0.01
    leaf = weights.detach().requires_grad_()
    respond(leaf)[:, 1].sum().backward()
    assert leaf.grad.abs().max() > 0


@pytest.mark.parametrize("name", ["han", "han-average", "han-maximum"])
def test_a_document_is_read_sentence_by_sentence(name):
    trained = make(name, "composed")
    found = trained.read_document(["It is a film.", ["story"], "Good!"])
    assert found.sentences == [["it", "is", "a", "film", "."], ["story"], ["good", "!"]]
    assert 0 < found.probability < 1
    if name == "han-maximum":
        assert found.word_weights is None and found.sentence_weights is None
        return
    assert [len(weights) for weights in found.word_weights] == [5, 1, 2]
    sums = torch.stack([weights.sum() for weights in (*found.word_weights, found.sentence_weights)])
    torch.testing.assert_close(sums, torch.ones(4))
    swapped = trained.read_document([["story"], "It is a film.", "Good!"])
    if name == "han":
        torch.testing.assert_close(swapped.word_weights[1], found.word_weights[0])
        assert abs(swapped.probability - found.probability) > 1e-6


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: make("dp").read(" "), ValueError, "the text is empty"),
        (lambda: make("dp").read("Tolle Wurst"), ValueError, "none of the words is known: tolle wurst"),
        (lambda: make("han", "composed").read("a film"), ValueError, "han reads documents, not texts"),
        (lambda: make("dp").read_document(["a film"]), ValueError, "dp reads texts, not documents"),
        (lambda: make("han", "composed").read_document("a film"), TypeError, "must be a list of sentences"),
        (lambda: make("han", "composed").read_document([]), ValueError, "the text is empty"),
        (lambda: make("han", "composed").read_document(["a film", ""]), ValueError, "has an empty sentence"),
        (lambda: make("han", "composed").read_document(["tolle", "Wurst"]), ValueError, "none of the words is known"),
        (
            lambda: make("last-l").respond(torch.tensor([[5]]), torch.tensor([[True]])),
            ValueError,
            "last-l has no weights",
        ),
        (
            lambda: make("dp").predict(torch.tensor([[5, 6]]), torch.tensor([[False, True]])),
            ValueError,
            "True at the left of each row",
        ),
        (lambda: make("dp").encode([]), ValueError, "there is no sequence to pad"),
        (lambda: create_classifier("bert", 10), ValueError, "unknown classifier 'bert'; allowed: dp, dp-l, additive"),
        (lambda: reads_documents("bert"), ValueError, "unknown classifier 'bert'; allowed: dp"),
        (lambda: create_classifier("average", 10, pooling="last"), ValueError, "average decides the pooling"),
        (lambda: create_classifier("han", 10, scale=2.0), TypeError, "scale"),
    ],
)
def test_misfits_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
