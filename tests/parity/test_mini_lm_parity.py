"""The real model: what is recorded on the fused path is what the slow path returns."""

import pytest
import torch
from attnbook.models.mini_lm import attention_of, embed, load_mini_lm, word_attention


@pytest.fixture(scope="module")
def mini_lm():
    torch.set_num_threads(1)
    return load_mini_lm()


def test_maps_equal_those_of_eager_attention(mini_lm):
    model, tokenizer = mini_lm
    text = "Attention weighs the values by how well their keys match the query."
    tokens, weights = attention_of(model, tokenizer, text)
    eager = type(model).from_pretrained(model.config._name_or_path, attn_implementation="eager").eval()
    with torch.no_grad():
        expected = eager(**tokenizer(text, return_tensors="pt"), output_attentions=True).attentions
    assert model.config._attn_implementation == "sdpa"
    assert weights.shape == (6, 12, len(tokens), len(tokens))
    assert torch.allclose(weights, torch.cat(expected), atol=1e-5)


def test_word_attention_sums_to_words_and_averages_from_words(mini_lm):
    model, tokenizer = mini_lm
    words = ["an", "unforgettable", "melody"]
    weights = word_attention(model, tokenizer, words)
    inputs = tokenizer(words, is_split_into_words=True, return_tensors="pt")
    owners = inputs.word_ids(0)
    _, tokens = attention_of(model, tokenizer, " ".join(words))
    for query in range(3):
        rows = [i for i, owner in enumerate(owners) if owner == query]
        for key in range(3):
            columns = [i for i, owner in enumerate(owners) if owner == key]
            by_hand = tokens[:, :, rows][..., columns].sum(-1).mean(-1)
            assert torch.allclose(weights[:, :, query, key], by_hand, atol=1e-6)


def test_embeddings_do_not_depend_on_padding(mini_lm):
    model, tokenizer = mini_lm
    short, long = "A dahlia.", "A much longer sentence, so that the other one must be padded to its length."
    assert torch.allclose(embed(model, tokenizer, [short, long])[0], embed(model, tokenizer, [short])[0], atol=1e-5)


def test_sentences_of_like_meaning_are_near(mini_lm):
    vectors = embed(*mini_lm, ["The cat sat on the mat.", "A kitten rested on the rug.", "Stocks fell on Monday."])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(3), atol=1e-5)


def test_nothing_to_read_is_refused(mini_lm):
    with pytest.raises(ValueError, match="got no sentence to embed"):
        embed(*mini_lm, [])
    with pytest.raises(ValueError, match="got no word"):
        word_attention(*mini_lm, [])
    with pytest.raises(ValueError, match="words without a token"):
        word_attention(*mini_lm, ["a", ""])
