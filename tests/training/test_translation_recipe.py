"""The recipe for translators: they learn, go on where they broke off, are read again, and graded."""

import os
from dataclasses import replace

import pytest
import torch
from attnbook.data.subwords import Subwords
from attnbook.models.encoder_decoder import Decoded, EncoderDecoder
from attnbook.recipes import grading, translation
from attnbook.recipes.corpora import Aligned, Corpus, Sentences, generated_corpus, load_corpus
from attnbook.recipes.grading import grade_baselines, predicted_links, translate
from attnbook.recipes.settings import DEFAULTS, Run
from attnbook.recipes.translation import create_model, load_translator, train_translator
from attnbook.training.checkpoint import newest_checkpoint

QUICK = replace(DEFAULTS["generated"], epochs=2, hidden_dim=8, batch_size=32)


@pytest.fixture(scope="module")
def corpus():
    return generated_corpus(pairs=96, valid=8, test=24, held_out=6, clauses=(1, 2), longer=(3,), longer_test=4)


def start(model="luong-dot", **settings):
    return Run("generated", "zh-en", model, replace(QUICK, **settings))


def same(one, other):
    return all(torch.equal(tensor, other.state_dict()[name]) for name, tensor in one.state_dict().items())


def test_attention_learns_to_translate_and_to_align(tmp_path):
    corpus = generated_corpus(pairs=3000, valid=40, test=150, held_out=0, clauses=(1, 1), longer=())
    run = start("luong-general", epochs=10, hidden_dim=48, learning_rate=0.01)
    model, history = train_translator(run, corpus, 0, tmp_path)
    grades, signatures = grading.grade(model, corpus, beam_size=3)
    assert history[-1]["bleu"] > 50 > 10 > history[0]["bleu"]
    assert grades["bleu"] > 50 and grades["exact_match"] > 0.3
    assert grades["exact_match_clauses_1"] == grades["exact_match"]
    assert abs(grades["bleu_beam3"] - grades["bleu"]) < 10
    assert 1 < grades["perplexity"] < 3
    baselines = grade_baselines(corpus)
    assert grades["alignment_error_clauses_1"] < 0.5 < baselines["alignment_error_diagonal_clauses_1"]
    assert baselines["alignment_error_ibm_model1_clauses_1"] < 0.25
    assert signatures["bleu"].startswith("nrefs:1|case:mixed")


def test_a_run_that_breaks_off_goes_on_bit_for_bit(corpus, tmp_path, monkeypatch):
    unbroken, history = train_translator(start(), corpus, 0, tmp_path / "unbroken")
    graded = translation.grade_translations

    def break_off(*arguments, **options):
        if newest_checkpoint(tmp_path / "broken"):
            raise KeyboardInterrupt
        return graded(*arguments, **options)

    monkeypatch.setattr(translation, "grade_translations", break_off)
    with pytest.raises(KeyboardInterrupt):
        train_translator(start(), corpus, 0, tmp_path / "broken")
    with pytest.raises(FileNotFoundError, match="trained to the end"):
        load_translator(tmp_path / "broken")
    monkeypatch.undo()
    resumed, found = train_translator(start(), corpus, 0, tmp_path / "broken")
    assert same(resumed, unbroken)
    assert found.values("loss") == history.values("loss")


def test_each_seed_has_its_own_weights_and_each_epoch_its_own_order(corpus, tmp_path, monkeypatch):
    begun, orders = [], []
    make_batch = translation.make_batch

    def watch(pairs):
        orders.append(pairs)
        return make_batch(pairs)

    monkeypatch.setattr(translation, "make_batch", watch)
    for seed in (0, 1):
        model, _ = train_translator(start(learning_rate=1e-12), corpus, seed, tmp_path / str(seed))
        begun.append(model.output.weight)
    assert (begun[0] - begun[1]).abs().mean() > 0.01
    epochs = [orders[start : start + 3] for start in range(0, 12, 3)]  # 96 pairs in batches of 32
    assert all(one != other for place, one in enumerate(epochs) for other in epochs[:place])


@pytest.mark.parametrize(("epochs", "batch_size"), [(1, 96), (1, 64), (2, 32)])
def test_the_shortest_runs_are_trained_too(epochs, batch_size, corpus, tmp_path):
    _, history = train_translator(start(epochs=epochs, batch_size=batch_size), corpus, 0, tmp_path)
    assert history.values("step")[-1] == epochs * -(-96 // batch_size)


def test_source_embeddings_begin_as_large_as_asked(corpus):
    def begin(**settings):
        torch.manual_seed(0)
        return create_model(start(**settings), corpus.source, corpus.target)

    asked, given = begin(source_std=0.1), begin()
    assert asked.encoder.embedding.weight.std().item() == pytest.approx(0.1, rel=0.05)
    assert given.encoder.embedding.weight.std().item() == pytest.approx(1, rel=0.05)
    assert torch.equal(asked.output.weight, given.output.weight)
    with pytest.raises(ValueError, match=r"source_std must be 0 or more; got -0\.1"):
        begin(source_std=-0.1)


def test_the_groups_of_the_generated_corpus(corpus):
    commas = {
        name: {corpus.source.decode(source).count("，") for source, _ in group.pairs}
        for name, group in corpus.tests.items()
    }
    assert commas == {"": {0, 1}, "_clauses_1": {0}, "_clauses_2": {1}, "_clauses_3": {2}, "_held_out": {0}}
    assert len(corpus.tests[""].pairs) == 24 == sum(len(corpus.tests[f"_clauses_{number}"].pairs) for number in (1, 2))
    assert corpus.aligned.keys() == {"_clauses_1", "_clauses_2", "_clauses_3"}
    for name, aligned in corpus.aligned.items():
        assert [" ".join(target) for target in aligned.targets] == corpus.tests[name].references


def test_a_trained_folder_is_read_again(corpus, tmp_path):
    model, history = train_translator(start("rnnsearch"), corpus, 3, tmp_path)
    trained = load_translator(tmp_path)
    assert same(trained.model, model) and not trained.model.training
    assert (trained.run, trained.seed, trained.history) == (start("rnnsearch"), 3, history)
    assert (trained.source.words, trained.target.words) == (corpus.source.words, corpus.target.words)
    sources = [source for source, _ in corpus.valid.pairs]
    assert translate(trained.model, sources) == translate(model, sources)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (start("local-m"), "model: 'luong-dot' in the checkpoint, 'local-m' here"),
        (start(epochs=3), "epochs: 2 in the checkpoint, 3 here"),
        (replace(start(), options={"input_feeding": True}), "options: {} in the checkpoint, {'input_feeding': True}"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_kept(other, difference, corpus, tmp_path):
    train_translator(start(), corpus, 0, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"belongs to another model") as refused:
        train_translator(other, corpus, 0, tmp_path)
    assert difference in str(refused.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_damaged_run_file_is_named(corpus, tmp_path):
    train_translator(start(), corpus, 0, tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(ValueError, match=r"run\.json does not say what was trained"):
        load_translator(tmp_path)


class Echo(EncoderDecoder):
    """Attends from piece t to piece t, as one does who copies, and a little to the first."""

    def __init__(self, pieces):
        super().__init__(None, len(pieces), 2, 2)

    def encode(self, source, source_lengths):
        return source

    def start(self, memory):
        return None

    def decode(self, embedded, state, memory):
        weights = torch.eye(embedded.shape[1], memory.shape[1])
        weights[:, 0] += 0.1
        return Decoded(None, None, weights.expand(len(memory), -1, -1))


def test_weights_of_pieces_are_gathered_to_words():
    sources = [["the", "international", "reconnaissance", "of", "it"], ["international", "it"]]
    targets = [[*words, "of"] for words in sources]
    pieces = Subwords.train(["the of it", "international reconnaissance"], size=262)
    assert len(pieces.encode("international")) > 5  # so that links of pieces would not fit the words
    links = [{(place, place) for place in range(len(words))} for words in sources]
    aligned = Aligned(sources, targets, links, links)
    corpus = Corpus(pieces, pieces, [], Sentences([], []), {}, {"": aligned}, (sources, targets), True)
    with_first = [{*found, (0, len(found))} for found in links]  # one word more, which attends to </s>
    assert predicted_links(Echo(pieces), corpus, aligned) == (with_first, links)


@pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")
def test_tatoeba_is_graded_by_gold_alignments(tmp_path):
    corpus = load_corpus("tatoeba", "zh-en", pairs=100, pieces=300)
    few = replace(
        corpus,
        valid=Sentences(corpus.valid.pairs[:4], corpus.valid.references[:4]),
        tests={"": Sentences(corpus.tests[""].pairs[:4], corpus.tests[""].references[:4])},
    )
    model, _ = train_translator(replace(start("rnnsearch"), data="tatoeba"), few, 0, tmp_path)
    trained = load_translator(tmp_path)
    assert trained.target.encode("Thank you") == corpus.target.encode("Thank you")
    grades, signatures = grading.grade(model, few)
    assert "case:lc" in signatures["bleu"]
    for kind in ("alignment_error", "alignment_error_with_end"):
        assert 0.5 < grades[f"{kind}_gold_zh-en"] <= 1
    assert 0.7 < grade_baselines(corpus)["alignment_error_diagonal_gold_zh-en"] < 0.9
