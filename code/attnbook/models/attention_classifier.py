"""A classifier that points: one learned vector asks, every word of the text answers (Sun & Lu 2020)."""

import torch
from torch import Tensor, nn

from attnbook.checks import check_whole
from attnbook.layers.both_ways import BothWays
from attnbook.layers.learned_query import LearnedQuery, create_pooling
from attnbook.masks import padding_mask
from attnbook.models.classification import Classified, check_embedded, check_lengths, check_word_dropout, drop_words
from attnbook.models.recurrent_encoder import check_words


class AttentionClassifier(nn.Module):
    """Weigh the states of a text's words, and judge their mean (Sun & Lu 2020; ACL 2020, pages 3418 to 3428).

    * a_i = h_i·V / λ, the *attention score* of word i; weights α = softmax(a);
    * s_i = h_i·W, its *polarity score*; the text's is s = Σ α_i s_i = h·W with h = Σ α_i h_i;
    * with two classes the loss is -log σ(y·s), y = ±1: cross-entropy of the logits (-s/2, s/2).

    In the paper V asks and W judges. The document that the book follows calls the query W and the divisor γ: its W is
    the paper's V, its γ the paper's λ (here `scale`). Without a cell h_i is the word's embedding, the paper's DP; on
    an LSTM's states it is the paper's DP-L and the document's model. Departures: the LSTM reads in both directions.

    Args:
        vocabulary_size: number of word ids.
        num_classes: 2 or more; the scores s are those of class 1 where there are two.
        embed_dim: size of a word's embedding, drawn from U(-0.1, 0.1) as in the paper.
        cell: None, "lstm" or "gru": what reads the embeddings before attention does.
        hidden_dim: size of the cell's state in each direction.
        pooling: "attention", or for comparison "average" (uniform attention), "maximum", or "last", the cell's last
            states.
        score: of attention, "dot" or "additive".
        scale: λ; when not given √(size of h) for "dot", 1 for "additive".
        dropout: probability that a feature of embeddings and states is dropped in training.
        word_dropout: probability that a word becomes unknown in training.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size, a dropout or a scale out of range, an unknown cell, pooling or score, "last" without a cell.
    """

    def __init__(
        self,
        vocabulary_size: int,
        num_classes: int = 2,
        *,
        embed_dim: int = 100,
        cell: str | None = None,
        hidden_dim: int = 100,
        pooling: str = "attention",
        score: str = "dot",
        scale: float | None = None,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        sizes = {"vocabulary_size": vocabulary_size, "embed_dim": embed_dim}
        for name, size, least in (*((*named, 1) for named in sizes.items()), ("num_classes", num_classes, 2)):
            check_whole(name, size, least)
        check_word_dropout(word_dropout)
        if pooling == "last" and cell is None:
            raise ValueError("pooling 'last' needs a cell: embeddings have no last state")
        self.num_classes, self.word_dropout = num_classes, word_dropout
        self.embedding = nn.Embedding(vocabulary_size, embed_dim)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.dropout = nn.Dropout(dropout)
        self.rnn = None if cell is None else BothWays(embed_dim, hidden_dim, cell=cell)
        dim = embed_dim if cell is None else 2 * hidden_dim
        self.pooling = None if pooling == "last" else create_pooling(pooling, dim, score=score, scale=scale)
        self.output = nn.Linear(dim, 1 if num_classes == 2 else num_classes, bias=False)  # W

    def forward(self, words: Tensor, lengths: Tensor | None = None, *, need_weights: bool = False) -> Classified:
        """Classify a batch of texts.

        Args:
            words: (B, L) ids, padded at the right.
            lengths: (B,), how many of them are real. None takes padding for words: the mistake of a forgotten mask.
            need_weights: also return the weights of the words.

        Returns:
            Classified(logits (B, C), weights (B, L) or None); exactly 0 at padding.

        Raises:
            TypeError: ids or lengths that are no tensor of integers.
            ValueError: shapes that do not fit, an empty text, one longer than the batch.
            IndexError: an id outside the vocabulary.
        """
        check_words("words", words, self.embedding.num_embeddings)
        lengths = check_lengths(lengths, words.shape, least=1)
        if self.training and self.word_dropout:
            words = drop_words(words, self.word_dropout)
        return self.forward_embedded(self.embedding(words), lengths, need_weights=need_weights)

    def forward_embedded(
        self, embedded: Tensor, lengths: Tensor | None = None, *, need_weights: bool = False
    ) -> Classified:
        """Classify texts whose words are embedded already, so that gradients with respect to these can be taken.

        They flow in evaluation mode too, where cuDNN alone would refuse them.

        Args:
            embedded: (B, L, embed_dim), from `embedding` or changed.
            lengths: (B,) from 0 to L, or None as for `forward`. A text of which nothing is left has h = 0.
            need_weights: also return the weights of the words.

        Returns:
            Classified(logits (B, C), weights (B, L) or None).

        Raises:
            TypeError: lengths that are no tensor of integers.
            ValueError: shapes that do not fit, a text longer than the batch.
        """
        check_embedded(embedded, 3, self.embedding.embedding_dim)
        lengths = check_lengths(lengths, embedded.shape[:-1], least=0)
        states = self.read(embedded, lengths)
        if self.pooling is None:
            context, weights = self.rnn.last(states, lengths), None
        else:
            mask = padding_mask(lengths, embedded.shape[1]).to(embedded.device)  # (B, 1, L)
            attended = self.pooling(states, mask, need_weights=need_weights)
            context, weights = (tensor if tensor is None else tensor[:, 0] for tensor in attended)  # (B, H), (B, L)
        return Classified(self.judge(self.dropout(context)), weights)

    def read(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Turn embedded words (B, L, embed_dim) of lengths (B,) into the states h (B, L, H) that are weighed."""
        embedded = self.dropout(embedded)
        return embedded if self.rnn is None else self.rnn(embedded, lengths)

    def judge(self, context: Tensor) -> Tensor:
        """Map h (B, H), such as `weights[:, None] @ states` of any weights, to logits (B, C)."""
        scores = self.output(context)
        return torch.cat([-scores, scores], dim=-1) / 2 if self.num_classes == 2 else scores

    def attention_scores(self, words: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score every word as attention does, before the softmax: a_i = h_i·V / λ of the dot product.

        Without a cell a word has one score wherever it stands: `words` may then be `torch.arange(size)[:, None]`, each
        word of the vocabulary a text of its own. With a cell the score is that of the word in its text.

        Args:
            words: (B, L) ids, padded at the right.
            lengths: (B,), or None as for `forward`.

        Returns:
            (B, L); scores at padding are what attention would read without a mask.

        Raises:
            ValueError: the pooling is none that asks; or as `forward`.
        """
        if not isinstance(self.pooling, LearnedQuery):
            raise ValueError("only pooling 'attention' has attention scores")
        return self.pooling.scores(self._states(words, lengths))

    def polarity_scores(self, words: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score every word as the classifier judges: s_i = h_i·W, positive for class 1.

        Args:
            words: (B, L) ids, padded at the right, as for `attention_scores`.
            lengths: (B,), or None as for `forward`.

        Returns:
            (B, L).

        Raises:
            ValueError: there are more than two classes; or as `forward`.
        """
        self._check_two_classes()
        return self.output(self._states(words, lengths)).squeeze(-1)

    def query_times_polarity(self) -> Tensor:
        """V·W, a number with gradient: its sign says whether positive or negative words get more attention.

        The paper regularises it: its square, added to the loss, closes the gap between the two.

        Raises:
            ValueError: there are more than two classes, or the score is not the dot product.
        """
        self._check_two_classes()
        if not isinstance(self.pooling, LearnedQuery) or self.pooling.score != "dot":
            raise ValueError("V·W needs pooling 'attention' with the score 'dot'")
        return (self.pooling.query * self.output.weight).sum()

    def _states(self, words: Tensor, lengths: Tensor | None) -> Tensor:
        check_words("words", words, self.embedding.num_embeddings)
        return self.read(self.embedding(words), check_lengths(lengths, words.shape, least=1))

    def _check_two_classes(self) -> None:
        if self.num_classes != 2:
            raise ValueError(f"polarity is that of two classes; this model has {self.num_classes}")
