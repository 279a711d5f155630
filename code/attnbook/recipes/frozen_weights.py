"""Do attention weights help a network that has none of its own? (Wiegreffe and Pinter 2019; arXiv:1908.04626)."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from attnbook.checks import check_whole
from attnbook.models.attention_classifier import AttentionClassifier


def grade_frozen_weights(
    weights: Tensor,
    ids: Tensor,
    labels: Tensor,
    *,
    vocabulary_size: int,
    learned: int = 100,
    embed_dim: int = 16,
    steps: int = 100,
    learning_rate: float = 0.02,
    seed: int = 0,
) -> float:
    """Let a student learn the task with weights that it is given, and grade it.

    The student has an embedding for each word and one linear layer; a text is the mean of its embeddings under the
    given weights, which stay as they are. Weights that say which words matter spare it the search. Departure from the
    paper: its student has a layer more.

    Args:
        weights: (B, L), of each text, 0 at padding.
        ids: (B, L), its words.
        labels: (B,), 0 or 1.
        vocabulary_size: number of word ids.
        learned: the first texts, all in one batch, that the student learns from; it is graded on the others.
        embed_dim: size of an embedding.
        steps: of Adam.
        learning_rate: of Adam.
        seed: of the student's first weights.

    Returns:
        The share of the other texts that the student judges rightly.

    Raises:
        ValueError: shapes that do not fit, or no text left on either side.
        TypeError: numbers that are not whole.
    """
    check_whole("learned", learned, 1)
    check_whole("steps", steps, 1)
    if weights.shape != ids.shape or labels.shape != ids.shape[:1]:
        raise ValueError(f"weights and ids must be (B, L) and labels (B,); got {tuple(weights.shape)}, "
                         f"{tuple(ids.shape)} and {tuple(labels.shape)}")  # fmt: skip
    if learned >= len(ids):
        raise ValueError(f"learned must leave texts to be graded on; got {learned} of {len(ids)}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        # The weights that are given take the place of its own pooling.
        student = AttentionClassifier(vocabulary_size, embed_dim=embed_dim, pooling="average").to(ids.device)
    adam = torch.optim.Adam(student.parameters(), lr=learning_rate)

    def answer(texts: slice) -> Tensor:
        return student.judge((weights[texts].unsqueeze(1) @ student.embedding(ids[texts])).squeeze(1))

    for _ in range(steps):
        adam.zero_grad()
        cross_entropy(answer(slice(learned)), labels[:learned]).backward()
        adam.step()
    with torch.no_grad():
        right = answer(slice(learned, None)).argmax(dim=1) == labels[learned:]
    return float(right.double().mean())
