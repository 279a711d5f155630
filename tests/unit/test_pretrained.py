"""The translators that come with the book: each translates, and shows where it looked."""

import pytest
import torch
from attnbook.data.translation import parse, translation_splits
from attnbook.metrics.alignment import alignment_error_rate
from attnbook.models.translators import TRANSLATOR_NAMES
from attnbook.recipes import pretrained
from attnbook.recipes.corpora import Aligned
from attnbook.recipes.grading import predicted_links
from attnbook.recipes.pretrained import load_pretrained, save_pretrained

FOOD = ["我", "喜欢", "食物"]


@pytest.mark.parametrize("name", TRANSLATOR_NAMES)
def test_every_translator_translates_what_it_was_not_trained_on(name):
    torch.set_num_threads(1)
    trained = load_pretrained(name)
    assert trained.run.model == name and not trained.model.training
    found = trained.translate(FOOD)
    assert found.source == [*FOOD, "</s>"]
    assert found.target == ["i", "like", "food", "</s>"]
    short = [pair for pair in translation_splits(train=0).test if pair.num_clauses == 1][:40]
    right = sum(tuple(trained.translate(pair.source).target[:-1]) == pair.target for pair in short)
    assert right >= 30
    if name == "fixed_vector":
        assert found.weights is None
        with pytest.raises(ValueError, match="has no attention"):
            trained.align(FOOD, ["i"])
    else:
        assert found.weights.shape == (4, 4)
        assert trained.translate(FOOD, beam_size=3).target == found.target


def test_given_its_own_translation_a_translator_looks_where_it_looked_before():
    trained = load_pretrained("rnnsearch")
    found = trained.translate(FOOD)
    given = trained.align(FOOD, found.target[:-1])
    assert given.target == found.target
    torch.testing.assert_close(given.weights, found.weights)
    torch.testing.assert_close(given.weights.sum(-1), torch.ones(4))


def test_the_map_of_a_sentence_links_the_words_that_belong_together():
    trained = load_pretrained("rnnsearch")
    pair = parse(["喜欢", "牛肉", "的", "孩子", "前天", "在", "上海", "买", "了", "那", "件", "衬衫"])
    (links,), _ = predicted_links(
        trained.model, trained, Aligned([pair.source], [pair.target], [pair.links], [pair.links])
    )
    by_hand = {
        (int(row[:-1].argmax()), j) for j, row in enumerate(trained.align(pair.source, pair.target).weights[:-1])
    }
    assert links == by_hand
    assert alignment_error_rate([links], [pair.links], [pair.links]) < 0.35


def test_a_translator_that_is_saved_comes_back_in_half_precision(tmp_path, monkeypatch):
    trained = load_pretrained("luong-dot")
    with torch.no_grad():
        trained.model.output.bias += 0.1
    save_pretrained(trained, tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    again = load_pretrained("luong-dot")
    assert again.run == trained.run and again.seed == trained.seed
    assert again.source.words == trained.source.words and again.target.words == trained.target.words
    assert again.model.output.weight is again.model.target_embedding.weight
    for name, tensor in trained.model.state_dict().items():
        torch.testing.assert_close(again.model.state_dict()[name], tensor.half().float(), atol=0, rtol=0)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda trained: load_pretrained("bert"), ValueError, "unknown translator 'bert'; allowed: fixed_vector"),
        (lambda trained: trained.translate([]), ValueError, "the sentence is empty"),
        (lambda trained: trained.align([], ["i"]), ValueError, "the sentence is empty"),
        (lambda trained: trained.align(FOOD, []), ValueError, "the translation is empty"),
        (lambda trained: trained.translate("我喜欢食物"), TypeError, "string"),
        (lambda trained: trained.translate(FOOD, beam_size=0), ValueError, "beam_size"),
    ],
)
def test_misfits_are_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(load_pretrained("rnnsearch"))


def test_unknown_words_are_shown_as_unknown():
    found = load_pretrained("rnnsearch").translate(["我", "喜欢", "披萨"])
    assert found.source == ["我", "喜欢", "<unk>", "</s>"]
