"""Vectors of words and their n-grams: the sum as the paper writes it, gradients where they belong."""

from zlib import crc32

import pytest
import torch
from attnbook.data.vocabulary import UNKNOWN, Vocabulary
from attnbook.layers.subword_embedding import SubwordEmbedding, character_ngrams
from torch import nn

VOCABULARY = Vocabulary(["boring", "boredom", "a", "很好"])


def build(rows=1000):
    torch.manual_seed(0)
    return SubwordEmbedding(VOCABULARY.words, 5, rows=rows)


def test_ngrams_have_three_to_five_characters_and_know_where_a_word_ends():
    assert character_ngrams("bored") == [
        *("<bo", "bor", "ore", "red", "ed>"),
        *("<bor", "bore", "ored", "red>"),
        *("<bore", "bored", "ored>"),
    ]
    assert character_ngrams("a") == ["<a>"]
    assert character_ngrams("很好") == ["<很好", "很好>", "<很好>"]
    assert character_ngrams("<unk>") == []


def test_a_vector_is_the_word_s_own_and_the_mean_of_its_ngrams():
    embedding = build()
    assert not embedding.word.weight.any()
    nn.init.normal_(embedding.word.weight)
    ids = torch.tensor(VOCABULARY.encode(["boring", "a", "nobody", "boring"])).view(2, 2)
    found = embedding(ids)
    assert found.shape == (2, 2, 5)
    for word, vector in zip(["boring", "a", None, "boring"], found.flatten(0, 1), strict=True):
        number = UNKNOWN if word is None else VOCABULARY.encode([word])[0]
        expected = embedding.word.weight[number]
        if word is not None:
            rows = [row for row in embedding._table[number].tolist() if row]
            assert len(rows) == len(character_ngrams(word))
            expected = expected + embedding.ngrams.weight[rows].mean(dim=0)
        torch.testing.assert_close(vector, expected)
    torch.testing.assert_close(embedding.weight[ids], found)
    assert embedding.weight.shape == (embedding.num_embeddings, embedding.embedding_dim) == (len(VOCABULARY), 5)


def test_words_of_one_spelling_share_vectors_and_the_same_in_every_process():
    first, second = (set(build()._table[number].tolist()) - {0} for number in VOCABULARY.encode(["boring", "boredom"]))
    assert len(first & second) == len(set(character_ngrams("boring")) & set(character_ngrams("boredom"))) == 3
    assert build()._table[VOCABULARY.encode(["a"])[0], 0] == 1 + 1874297515 % 1000  # crc32 of "<a>"


def test_a_word_that_no_vocabulary_holds_is_spelled():
    embedding = build()
    nn.init.normal_(embedding.word.weight)
    found = embedding.spell(["boring", "bored"])
    number = VOCABULARY.encode(["boring"])
    torch.testing.assert_close(found[0], embedding(torch.tensor(number))[0] - embedding.word.weight[number[0]])
    rows = [1 + crc32(ngram.encode()) % 1000 for ngram in character_ngrams("bored")]
    torch.testing.assert_close(found[1], embedding.ngrams.weight[rows].mean(dim=0))
    with pytest.raises(ValueError, match="number of words must be 1 or more; got 0"):
        embedding.spell([])


def test_gradients_reach_the_words_that_were_read_and_no_padding():
    embedding = build()
    embedding(torch.tensor(VOCABULARY.encode(["a"]))).sum().backward()
    assert embedding.word.weight.grad.any(dim=1).nonzero().flatten().tolist() == VOCABULARY.encode(["a"])
    assert embedding.ngrams.weight.grad.any(dim=1).nonzero().flatten().tolist() == [1 + 1874297515 % 1000]


def test_long_and_strange_words_and_none_with_ngrams():
    assert len(character_ngrams("y" * 10_000)) == 38 + 37 + 36
    assert SubwordEmbedding(["<pad>", "\ud83d"], 5)(torch.tensor([0, 1])).shape == (2, 5)
    assert not SubwordEmbedding(["<pad>", "<unk>"], 5)(torch.tensor([[1]])).any()


def test_the_table_is_no_weight():
    assert set(build().state_dict()) == {"word.weight", "ngrams.weight"}


@pytest.mark.parametrize(
    ("words", "sizes", "error", "message"),
    [
        ([], {}, ValueError, "number of words must be 1 or more; got 0"),
        (["a"], {"rows": 0}, ValueError, "rows must be 1 or more; got 0"),
        (["a"], {"rows": 2.5}, TypeError, "rows must be an integer, 1 or more; got 2.5"),
    ],
)
def test_what_it_refuses(words, sizes, error, message):
    with pytest.raises(error, match=message):
        SubwordEmbedding(words, 5, **sizes)
