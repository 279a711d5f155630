"""The recipe for classifiers: they learn, go on where they broke off, and are read again."""

from dataclasses import replace

import pytest
import torch
from attnbook.recipes import classification
from attnbook.recipes.classification import load_classifier, train_classifier
from attnbook.recipes.classification_grading import grade_baselines, grade_classifier
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.faithfulness_methods import explain
from attnbook.recipes.text_corpora import load_text_corpus
from attnbook.training.checkpoint import newest_checkpoint

QUICK = replace(DEFAULTS["sun_lu"], epochs=2, embed_dim=8, hidden_dim=4, texts=96)
QUICK_DOCUMENTS = replace(DEFAULTS["composed"], epochs=1, embed_dim=8, hidden_dim=4, dropout=0.0, texts=64)


@pytest.fixture(scope="module")
def corpus():
    whole = load_text_corpus("sun_lu", texts=96)
    return replace(whole, validation=whole.validation[:20], tests={"": whole.tests[""][:20]})


@pytest.fixture(scope="module")
def documents():
    whole = load_text_corpus("composed", texts=64)
    tests = {name: examples[:20] for name, examples in whole.tests.items()}
    return replace(whole, validation=whole.validation[:20], tests=tests)


def start(model="dp-l", **settings):
    return ClassificationRun("sun_lu", model, replace(QUICK, **settings))


def same(one, other):
    return all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_attention_learns_to_classify_and_finds_the_words_that_decide(tmp_path):
    whole = load_text_corpus("sun_lu", texts=1500)
    run = ClassificationRun(
        "sun_lu", "dp", replace(DEFAULTS["sun_lu"], epochs=3, learning_rate=0.02, texts=1500), {"scale": 1.0}
    )
    model, history = train_classifier(run, whole, 0, tmp_path)
    grades, baselines = grade_classifier(model, whole), grade_baselines(whole)
    assert grades["accuracy"] > 0.95 > 0.6 > baselines["accuracy_majority"]
    assert grades["accuracy"] == pytest.approx(grades["macro_f1"], abs=0.01)
    assert grades["weight_on_decisive_words"] > 2.5 * baselines["weight_on_decisive_words_chance"]
    assert grades["average_precision"] > 0.9 > 0.5 > baselines["average_precision_chance"]
    assert history.values("loss")[-1] < history.values("loss")[0]


@pytest.mark.parametrize("name", ["han", "gru-attention"])
def test_documents_are_learned_by_sentences_or_as_words_in_a_row(name, documents, tmp_path):
    run = ClassificationRun("composed", name, QUICK_DOCUMENTS)
    model, history = train_classifier(run, documents, 0, tmp_path)
    assert len(history) == 1
    grades, baselines = grade_classifier(model, documents), grade_baselines(documents)
    attention = (
        "weight_on_decisive_words",
        "average_precision",
        "weight_on_deciding_sentences",
        "heaviest_sentence_decides",
        "average_precision_in_deciding_sentences",
    )
    for split in ("known_sentences", "new_sentences"):
        assert all(0.0 <= grades[f"{grade}_{split}"] <= 1.0 for grade in ("accuracy", "macro_f1", *attention))
        assert all(0.0 < baselines[f"{grade}_chance_{split}"] < 0.6 for grade in attention)


def test_a_run_that_breaks_off_goes_on_bit_for_bit(corpus, tmp_path, monkeypatch):
    unbroken, history = train_classifier(start(), corpus, 0, tmp_path / "unbroken")
    graded = classification.grade_accuracy

    def break_off(*arguments):
        if newest_checkpoint(tmp_path / "broken"):
            raise KeyboardInterrupt
        return graded(*arguments)

    monkeypatch.setattr(classification, "grade_accuracy", break_off)
    with pytest.raises(KeyboardInterrupt):
        train_classifier(start(), corpus, 0, tmp_path / "broken")
    with pytest.raises(FileNotFoundError, match="no classifier that was trained to the end"):
        load_classifier(tmp_path / "broken")
    monkeypatch.undo()
    resumed, found = train_classifier(start(), corpus, 0, tmp_path / "broken")
    assert same(resumed, unbroken)
    assert found.values("loss") == history.values("loss")


def test_a_trained_folder_is_read_again(corpus, tmp_path):
    model, history = train_classifier(start(), corpus, 3, tmp_path)
    trained = load_classifier(tmp_path)
    assert same(trained.model, model) and not trained.model.training
    assert (trained.run, trained.seed, trained.history) == (start(), 3, history)
    assert trained.vocabulary.words == corpus.vocabulary.words


def test_words_with_ngrams_and_a_mean_of_weights_are_read_again_and_explained(corpus, tmp_path):
    run = start(character_ngrams=50, average=0.9)
    model, _ = train_classifier(run, corpus, 3, tmp_path)
    trained = load_classifier(tmp_path)
    assert same(trained.model, model) and trained.run == run
    assert model.embedding.ngrams.weight.shape == (51, 8)
    explained = explain(trained, corpus.train[:4])
    assert explained.scores["integrated_gradients"].abs().sum() > 0
    with pytest.raises(ValueError, match="given embeddings have no character n-grams"):
        train_classifier(run, corpus, 3, tmp_path, embeddings=model.embedding.weight)


def test_each_seed_has_its_own_weights_and_each_epoch_its_own_order(corpus, tmp_path, monkeypatch):
    begun, orders = [], []
    make_batch = classification.make_text_batch

    def watch(texts):
        orders.append(texts)
        return make_batch(texts)

    monkeypatch.setattr(classification, "make_text_batch", watch)
    for seed in (0, 1):
        model, _ = train_classifier(start(learning_rate=1e-12), corpus, seed, tmp_path / str(seed))
        begun.append(model.output.weight)
    assert (begun[0] - begun[1]).abs().mean() > 0.01
    epochs = [orders[start : start + 3] for start in range(0, 12, 3)]  # 96 texts in batches of 32
    assert all(one != other for place, one in enumerate(epochs) for other in epochs[:place])


def test_given_embeddings_stay_as_they_are_and_belong_to_the_run(corpus, tmp_path):
    given = torch.randn(len(corpus.vocabulary), 8)
    model, _ = train_classifier(start(), corpus, 0, tmp_path, embeddings=given)
    assert torch.equal(model.embedding.weight, given)
    assert torch.equal(load_classifier(tmp_path).model.embedding.weight, given)
    with pytest.raises(ValueError, match="embeddings: "):
        train_classifier(start(), corpus, 0, tmp_path, embeddings=given + 1)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (start("average-l"), "model: 'dp-l' in the checkpoint, 'average-l' here"),
        (start(epochs=3), "epochs: 2 in the checkpoint, 3 here"),
        (replace(start(), options={"scale": 2.0}), "options: {} in the checkpoint, {'scale': 2.0} here"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_kept(other, difference, corpus, tmp_path):
    train_classifier(start(), corpus, 0, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"belongs to another model") as refused:
        train_classifier(other, corpus, 0, tmp_path)
    assert difference in str(refused.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("content", "problem"), [("{}", "KeyError"), ('{"seed": 0, "settings": {"pairs": 1}}', "pairs")]
)
def test_a_run_file_that_is_damaged_or_of_another_kind_is_named(content, problem, corpus, tmp_path):
    train_classifier(start(), corpus, 0, tmp_path)
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError, match=rf"run\.json does not say what was trained: .*{problem}"):
        load_classifier(tmp_path)


def test_what_a_model_cannot_do_is_said_before_it_is_trained(corpus, tmp_path):
    with pytest.raises(ValueError, match="han reads documents, and sun_lu has single texts: take waimai or composed"):
        train_classifier(start("han"), corpus, 0, tmp_path)
    with pytest.raises(ValueError, match=r"dp-l does not take the options \{'heads': 2\}"):
        train_classifier(replace(start(), options={"heads": 2}), corpus, 0, tmp_path)
    with pytest.raises(ValueError, match="dp-l decides the cell; got cell='gru'"):
        train_classifier(replace(start(), options={"cell": "gru"}), corpus, 0, tmp_path)
    assert not list(tmp_path.iterdir())
