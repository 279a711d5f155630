"""Vectors of words that know their spelling (Bojanowski et al. 2017; arXiv:1607.04606)."""

from collections.abc import Sequence
from zlib import crc32

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from attnbook.checks import check_whole
from attnbook.data.vocabulary import SPECIALS

LENGTHS = (3, 4, 5)
LONGEST = 40


class SubwordEmbedding(nn.Module):
    """A word's vector: its own, and the mean of those of its character n-grams.

    "boring" and "boredom" share "<bo" and "bor", so a rare word is no stranger. A word's own vector begins at zero: one
    that training never shows has its spelling alone. It takes the place of `nn.Embedding`. N-grams of three to five
    characters share `rows` vectors, found by a hash, as in the paper. Departures: the mean of the n-grams and not their
    sum; special words have none, and words are read up to their fortieth character.

    Args:
        words: of the vocabulary, by id.
        embed_dim: size of a vector; those of n-grams are drawn from U(-0.1, 0.1).
        rows: number of vectors that n-grams share.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, or no words.
    """

    def __init__(self, words: Sequence[str], embed_dim: int, *, rows: int = 50_000) -> None:
        super().__init__()
        for name, size in {"number of words": len(words), "embed_dim": embed_dim, "rows": rows}.items():
            check_whole(name, size, 1)
        self.num_embeddings, self.embedding_dim = len(words), embed_dim
        self.word = nn.Embedding(len(words), embed_dim)
        self.ngrams = nn.EmbeddingBag(rows + 1, embed_dim, mode="mean", padding_idx=0)
        nn.init.zeros_(self.word.weight)
        nn.init.uniform_(self.ngrams.weight, -0.1, 0.1)
        self.register_buffer("_table", self._rows_of(words), persistent=False)

    def forward(self, words: Tensor) -> Tensor:
        """Look up ids of any shape: vectors (..., embed_dim)."""
        used, places = words.unique(return_inverse=True)
        return self.word(words) + self.ngrams(self._table[used])[places]

    def spell(self, words: Sequence[str]) -> Tensor:
        """Vectors (words, embed_dim) by spelling alone, of words that the vocabulary does not hold.

        Raises:
            ValueError: no words.
        """
        check_whole("number of words", len(words), 1)
        return self.ngrams(self._rows_of(words).to(self.ngrams.weight.device))

    def _rows_of(self, words: Sequence[str]) -> Tensor:
        """For each word the rows of its n-grams (words, n-grams of the longest word), 0 behind the last."""
        rows = self.ngrams.num_embeddings - 1
        hashes = [[crc32(ngram.encode(errors="surrogatepass")) for ngram in character_ngrams(word)] for word in words]
        found = [[1 + number % rows for number in numbers] or [0] for numbers in hashes]
        return pad_sequence([torch.tensor(numbers, dtype=torch.int32) for numbers in found], batch_first=True)

    @property
    def weight(self) -> Tensor:
        """The vectors of all words (V, embed_dim), as `nn.Embedding` has them."""
        return self(torch.arange(self.num_embeddings, device=self.word.weight.device))


def character_ngrams(word: str) -> list[str]:
    """Cut a word into its character n-grams, "<" before its first character and ">" behind its last.

    Args:
        word: of the vocabulary.

    Returns:
        The n-grams, shorter ones first; none of a special word such as `<unk>`.
    """
    if word in SPECIALS:
        return []
    bounded = f"<{word}>"[:LONGEST]
    return [bounded[start : start + length] for length in LENGTHS for start in range(len(bounded) - length + 1)]
