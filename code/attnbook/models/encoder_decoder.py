"""What all recurrent translators share: reading, one step, teacher forcing, and the loss."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnbook.attention import expose, masked_softmax
from attnbook.checks import check_whole
from attnbook.data.vocabulary import PAD
from attnbook.models.recurrent_encoder import RecurrentEncoder, check_integers, check_words


class Step(NamedTuple):
    """What a translator says after one more word."""

    logits: Tensor
    """(B, V): scores of the word that follows."""
    state: NamedTuple
    """The decoder's state, for the next step."""
    weights: Tensor | None
    """(B, S): where it looked in the source; None for a model without attention."""


class Decoded(NamedTuple):
    """What a decoder made of L words."""

    features: Tensor
    """(B, L, features): what the output layer reads."""
    state: NamedTuple
    """The state after the last of the words."""
    weights: Tensor | None
    """(B, L, S), or None for a model without attention."""


class EncoderDecoder(nn.Module, ABC):
    """A translator: `encode` reads the source once, `step` writes one word, `forward` scores a given translation.

    `encode` returns a memory, `start` and `step` a state: named tuples of tensors, all batch first, so that a search
    can pick and repeat rows of them. `record_attention` hears one map (B, T-1, S) of a `forward`, one (B, 1, S) of a
    `step`, under the model's class name. Where a search follows K beginnings of each translation, B stands for B · K
    in a step and a state: those of one sentence are side by side.

    Args:
        encoder: reads the source.
        target_size: number of target words.
        embed_dim: size of the embedding of a target word.
        feature_dim: size of what the output layer reads.
        dropout: probability that a feature of the embeddings, and of what the output layer reads, is dropped.
        tie_embeddings: let the output layer score a word by its embedding (Press & Wolf 2017; arXiv:1608.05859).
            Embeddings are then drawn from N(0, 1/embed_dim): torch's own N(0, 1) gives logits that are far too large.

    Raises:
        TypeError: a size that is no integer.
        ValueError: a size under 1, a dropout outside [0, 1], tied embeddings of another size than the features.
    """

    def __init__(
        self,
        encoder: RecurrentEncoder,
        target_size: int,
        embed_dim: int,
        feature_dim: int,
        *,
        dropout: float = 0.0,
        tie_embeddings: bool = False,
    ) -> None:
        super().__init__()
        for name, size in {"target_size": target_size, "embed_dim": embed_dim, "feature_dim": feature_dim}.items():
            check_whole(name, size, 1)
        self.encoder = encoder
        self.target_embedding = nn.Embedding(target_size, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(feature_dim, target_size)
        if tie_embeddings:
            if feature_dim != embed_dim:
                raise ValueError(f"tied embeddings must have the {feature_dim} features of the output; got {embed_dim}")
            self.output.weight = self.target_embedding.weight
            nn.init.normal_(self.output.weight, std=embed_dim**-0.5)

    @abstractmethod
    def encode(self, source: Tensor, source_lengths: Tensor) -> NamedTuple:
        """Read the source (B, S) with its lengths (B,): all that decoding needs of it."""

    @abstractmethod
    def start(self, memory: NamedTuple) -> NamedTuple:
        """The decoder's state before the first word."""

    @abstractmethod
    def decode(self, embedded: Tensor, state: NamedTuple, memory: NamedTuple) -> Decoded:
        """Take in L embedded words (B, L, E), one after the other; of K beginnings a sentence (B · K, 1, E)."""

    def forward(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        """Score each word of a translation, given the words before it (teacher forcing).

        Args:
            source: (B, S) word ids, padded at the right.
            source_lengths: (B,), how many of them are real.
            target: (B, T) word ids, from <s> to </s>, padded at the right.

        Returns:
            Logits (B, T-1, V) of target[:, 1:].

        Raises:
            TypeError: ids or lengths that are no tensor of integers.
            ValueError: shapes that do not fit, an empty sentence, a target of fewer than two words.
            IndexError: an id outside its vocabulary.
        """
        memory = self.encode_for(target, source, source_lengths)
        return self._follow(target[:, :-1], self.start(memory), memory).logits

    def encode_for(self, target: Tensor, source: Tensor, source_lengths: Tensor) -> NamedTuple:
        """`encode`, once a given translation is seen to fit.

        Args:
            target: as for `forward`.
            source: likewise.
            source_lengths: likewise.

        Returns:
            The memory.

        Raises:
            TypeError, ValueError, IndexError: as for `forward`.
        """
        check_words("target", target, self.target_embedding.num_embeddings)
        memory = self.encode(source, source_lengths)
        if len(target) != len(source) or target.shape[1] < 2:
            raise ValueError(f"target must be ({len(source)}, T) with T 2 or more; got {tuple(target.shape)}")
        return memory

    def step(self, words: Tensor, state: NamedTuple, memory: NamedTuple) -> Step:
        """Take in one more word of each translation, or of each of the K beginnings of it that a search follows.

        Args:
            words: (B · K,) ids of the words just written, those of one sentence side by side; <s> at first.
            state: from `start` or the step before, as many rows of it.
            memory: from `encode`, of B sentences.

        Returns:
            Step(logits (B · K, V), state, weights (B · K, S) or None).

        Raises:
            TypeError: words that are no tensor of integers.
            ValueError: another number of words than the state has rows, or rows that are no multiple of the memory's.
            IndexError: an id outside the vocabulary.
        """
        check_integers("words", words)
        sentences, beginnings = len(memory[0]), len(state[0])
        if words.shape != (beginnings,):
            raise ValueError(f"words must have shape ({beginnings},), as the state; got {tuple(words.shape)}")
        if not sentences or beginnings % sentences:
            raise ValueError(f"the state must have K rows for each of the memory's {sentences}; got {beginnings}")
        check_words("words", words[:, None], self.target_embedding.num_embeddings)
        logits, state, weights = self._follow(words[:, None], state, memory)
        return Step(logits[:, 0], state, None if weights is None else weights[:, 0])

    def _follow(self, words: Tensor, state: NamedTuple, memory: NamedTuple) -> Step:
        """Take in words (B, L): logits (B, L, V) of what follows each, the state after the last, weights (B, L, S)."""
        embedded = self.dropout(self.target_embedding(words))
        features, state, weights = self.decode(embedded, state, memory)
        if weights is not None:
            weights = expose(weights)
        return Step(self.output(self.dropout(features)), state, weights)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Inside the block the model is in eval mode and takes no gradients; then each module has its own mode again."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module in training:
            module.training = True


def weigh(scores: Tensor, mask: Tensor) -> Tensor:
    """Masked softmax of scores (B, L, S), unheard by `record_attention`: `_follow` lets it hear all steps at once."""
    flat = scores.flatten(0, 1)  # a softmax of two sizes is not taken for attention
    return masked_softmax(flat, mask.expand_as(scores).flatten(0, 1)).view_as(scores)


class Loss(NamedTuple):
    """A sum over words, to be divided by their number once all parts of a batch are added up."""

    total: Tensor
    """Sum of the cross-entropies, in nats."""
    num_words: Tensor
    """How many words were scored."""


def translation_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Loss:
    """Cross-entropy of each word that follows; padding does not count.

    Args:
        logits: (B, T-1, V), from a translator's `forward`.
        target: (B, T), the same that `forward` was given.
        label_smoothing: share of the probability that is spread over all words (Szegedy et al. 2016, section 7;
            arXiv:1512.00567).

    Returns:
        Loss(total, num_words).

    Raises:
        ValueError: shapes that do not fit, a label smoothing outside [0, 1].
    """
    following = target[..., 1:].long()
    if target.dim() != 2 or logits.dim() != 3 or logits.shape[:2] != following.shape:
        raise ValueError(f"logits must be (B, T-1, V) for a target (B, T); got {tuple(logits.shape)} and "
                         f"{tuple(target.shape)}")  # fmt: skip
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"label_smoothing must lie between 0 and 1; got {label_smoothing}")
    total = F.cross_entropy(
        logits.flatten(0, 1),
        following.flatten(),
        ignore_index=PAD,
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    return Loss(total, (following != PAD).sum())


class Maxout(nn.Module):
    """A linear layer of twice the size, and of each two features the larger (Goodfellow et al. 2013; arXiv:1302.4389).

    The two are feature j of the first half and of the second, where papers take neighbours: the same up to order.
    """

    def __init__(self, input_dim: int, output_dim: int) -> None:
        super().__init__()
        self.projection = nn.Linear(input_dim, 2 * output_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., input_dim) to (..., output_dim)."""
        return torch.maximum(*self.projection(x).chunk(2, dim=-1))
