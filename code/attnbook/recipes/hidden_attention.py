"""Can training find a classifier that is right and whose attention points elsewhere? (Pruthi et al. 2020).

arXiv:1909.07913.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from attnbook.checks import check_whole
from attnbook.metrics.explained import check_marks
from attnbook.models.attention_classifier import AttentionClassifier


def learn_to_hide(
    model: AttentionClassifier,
    ids: Tensor,
    mask: Tensor,
    labels: Tensor,
    telling: Tensor,
    *,
    strength: float = 1.0,
    learning_rate: float = 0.02,
    steps: int = 100,
    batch_size: int = 500,
    seed: int = 0,
) -> AttentionClassifier:
    """Train a classifier with a loss that makes weight on the telling words costly.

    The loss is cross-entropy + strength · mean(-log(1 - weight on the telling words)).

    Args:
        model: with attention; trained where it is.
        ids: (B, L), the words of the texts.
        mask: (B, L), True = a word.
        labels: (B,), 0 or 1.
        telling: (B, L), True = a word that is to get no weight.
        strength: of the term.
        learning_rate: of Adam.
        steps: of Adam.
        batch_size: texts a step, drawn anew for each.
        seed: of these draws.

    Returns:
        The model, in evaluation mode.

    Raises:
        ValueError: shapes that do not fit, a negative strength, or a model without attention weights.
        TypeError: numbers that are not whole, masks that are not bool.
    """
    check_marks("telling", telling, mask)
    if ids.shape != mask.shape or labels.shape != mask.shape[:1]:
        raise ValueError(f"ids must be {tuple(mask.shape)}, as the mask, and labels ({len(mask)},); got "
                         f"{tuple(ids.shape)} and {tuple(labels.shape)}")  # fmt: skip
    if not strength >= 0:
        raise ValueError(f"strength must be 0 or more; got {strength}")
    check_whole("steps", steps, 1)
    check_whole("batch_size", batch_size, 1)
    adam = torch.optim.Adam(model.parameters(), lr=learning_rate)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for _ in range(steps):
        rows = torch.randperm(len(ids), generator=generator)[:batch_size].to(ids.device)
        logits, weights = model(ids[rows], mask[rows].sum(dim=1), need_weights=True)
        if weights is None:
            raise ValueError("the model has no attention weights to hide")
        on_telling = (weights * telling[rows]).sum(dim=1)
        term = -torch.log1p(-0.999 * on_telling).mean()  # 0.999: finite where all weight lies there
        adam.zero_grad()
        (cross_entropy(logits, labels[rows]) + strength * term).backward()
        adam.step()
    return model.eval()
