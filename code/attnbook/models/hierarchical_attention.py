"""Hierarchical attention: words make sentences, sentences make the document (Yang et al. 2016; NAACL 2016)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnbook.checks import check_whole
from attnbook.layers.both_ways import BothWays
from attnbook.layers.learned_query import create_pooling
from attnbook.masks import padding_mask
from attnbook.models.classification import check_embedded, check_lengths, check_word_dropout, drop_words
from attnbook.models.recurrent_encoder import check_integers, check_words


class ClassifiedDocuments(NamedTuple):
    """What hierarchical attention says of documents."""

    logits: Tensor
    """(B, C); their softmax gives the probabilities of the classes."""
    word_weights: Tensor | None
    """(B, S, L): within each sentence they sum to one; None if not asked for, or where the model has none."""
    sentence_weights: Tensor | None
    """(B, S), likewise over each document."""


class HierarchicalAttention(nn.Module):
    """Attention over the words of each sentence, then over the sentences of the document (Yang et al. 2016).

    * h_it: a GRU in both directions over the words of sentence i; s_i = Σ_t α_it h_it with α from
      u_w·tanh(W h_it + b);
    * h_i: a GRU in both directions over s_1 … s_S; v = Σ_i α_i h_i likewise, with its own query u_s;
    * the classes: softmax(W_c v + b_c).

    Departures: the GRU is torch's, whose reset gate acts after the recurrent matrix; embeddings are not pretrained.

    Args:
        vocabulary_size: number of word ids.
        num_classes: 2 or more.
        embed_dim: size of a word's embedding, 200 in the paper.
        hidden_dim: size of a GRU's state in each direction, 50 in the paper.
        pooling: "attention" (the paper's HN-ATT), "average" (HN-AVE) or "maximum" (HN-MAX), on both levels.
        dropout: probability that a feature of embeddings, sentences and document is dropped in training.
        word_dropout: probability that a word becomes unknown in training.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size or a dropout out of range, an unknown pooling.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_classes: int = 2,
        *,
        embed_dim: int = 200,
        hidden_dim: int = 50,
        pooling: str = "attention",
        dropout: float = 0.0,
        word_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        for name, size, least in (("vocabulary_size", vocabulary_size, 1), ("num_classes", num_classes, 2)):
            check_whole(name, size, least)
        check_whole("embed_dim", embed_dim, 1)
        check_word_dropout(word_dropout)
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(vocabulary_size, embed_dim)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.dropout = nn.Dropout(dropout)
        self.word_rnn = BothWays(embed_dim, hidden_dim)
        self.word_pooling = create_pooling(pooling, 2 * hidden_dim, score="additive")
        self.sentence_rnn = BothWays(2 * hidden_dim, hidden_dim)
        self.sentence_pooling = create_pooling(pooling, 2 * hidden_dim, score="additive")
        self.output = nn.Linear(2 * hidden_dim, num_classes)

    def forward(
        self, words: Tensor, lengths: Tensor | None = None, *, need_weights: bool = False
    ) -> ClassifiedDocuments:
        """Classify a batch of documents.

        Args:
            words: (B, S, L) ids: sentences padded at the right, documents at the end.
            lengths: (B, S), how many words of each sentence are real, 0 where a document has no more sentences. None
                takes all padding for words.
            need_weights: also return the weights of words and sentences.

        Returns:
            ClassifiedDocuments(logits (B, C), word_weights (B, S, L), sentence_weights (B, S)); weights are exactly 0
            at padding.

        Raises:
            TypeError: ids or lengths that are no tensor of integers.
            ValueError: shapes that do not fit, an empty document, an empty sentence before another one, a sentence
                longer than the batch.
            IndexError: an id outside the vocabulary.
        """
        check_integers("words", words)
        if words.dim() != 3:
            raise ValueError(f"words must have shape (B, S, L); got {tuple(words.shape)}")
        check_words("words", words.flatten(0, 1), self.embedding.num_embeddings)
        lengths = check_lengths(lengths, words.shape, least=0)
        _check_sentences(lengths)
        if self.training and self.word_dropout:
            words = drop_words(words, self.word_dropout)
        return self.forward_embedded(self.embedding(words), lengths, need_weights=need_weights)

    def forward_embedded(
        self, embedded: Tensor, lengths: Tensor | None = None, *, need_weights: bool = False
    ) -> ClassifiedDocuments:
        """Classify documents whose words are embedded already, so that gradients with respect to these can be taken.

        They flow in evaluation mode too, where cuDNN alone would refuse them.

        Args:
            embedded: (B, S, L, embed_dim), from `embedding` or changed.
            lengths: (B, S) from 0 to L, or None as for `forward`. A sentence of which nothing is left is passed over.
            need_weights: also return the weights of words and sentences.

        Returns:
            ClassifiedDocuments, as from `forward`.

        Raises:
            TypeError: lengths that are no tensor of integers.
            ValueError: shapes that do not fit, a sentence longer than the batch.
        """
        check_embedded(embedded, 4, self.embedding.embedding_dim)
        sizes = embedded.shape[:2]
        lengths = check_lengths(lengths, embedded.shape[:-1], least=0).to(embedded.device)
        states = self.word_rnn(self.dropout(embedded).flatten(0, 1), lengths.flatten()).unflatten(0, sizes)
        mask = padding_mask(lengths.flatten(), embedded.shape[2]).unflatten(0, sizes)  # (B, S, 1, L)
        sentences, word_weights = self.word_pooling(states, mask, need_weights=need_weights)  # (B, S, 1, 2H)
        real = lengths > 0  # (B, S)
        ends = (real * torch.arange(1, sizes[1] + 1, device=real.device)).amax(1)  # (B,)
        states = self.sentence_rnn(self.dropout(sentences.squeeze(2)), ends)  # (B, S, 2H)
        document, sentence_weights = self.sentence_pooling(states, real[:, None], need_weights=need_weights)
        logits = self.output(self.dropout(document.squeeze(1)))
        if word_weights is None:
            return ClassifiedDocuments(logits, None, None)
        return ClassifiedDocuments(logits, word_weights.squeeze(2), sentence_weights.squeeze(1))


def _check_sentences(lengths: Tensor) -> None:
    """Raise ValueError for a document without sentences, or with an empty one before another."""
    real = lengths > 0
    if not real[:, 0].all():
        raise ValueError(f"document {int((~real[:, 0]).nonzero()[0])}: its first sentence is empty")
    gaps = (real[:, 1:] & ~real[:, :-1]).nonzero()
    if len(gaps):
        document, sentence = gaps[0].tolist()
        raise ValueError(f"document {document}: its sentence {sentence} is empty, and others follow")
