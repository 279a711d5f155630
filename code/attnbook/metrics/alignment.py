"""How well links between the words of two sentences agree with those that people drew.

A link is a pair (source position, target position), counted from 0.
"""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

Link = tuple[int, int]


def alignment_error_rate(
    predicted: Sequence[Collection[Link]],
    sure: Sequence[Collection[Link]],
    possible: Sequence[Collection[Link]],
) -> float:
    """Alignment error rate over a corpus (Och and Ney 2003, Computational Linguistics 29(1), eq. 27).

    ``1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|)``, where the numbers of links are summed over all sentences. A link missing
    from A costs if it is sure; a link in A costs if it is not even possible.

    Args:
        predicted: A, for each sentence pair its links.
        sure: S, links that must be there.
        possible: P, links that may be there; sure links are possible, whether they are listed again or not.

    Returns:
        0 (no error) to 1.

    Raises:
        ValueError: different numbers of sentences, or neither a predicted nor a sure link in all of them.
    """
    if not len(predicted) == len(sure) == len(possible):
        counts = f"{len(predicted)}, {len(sure)} and {len(possible)}"
        raise ValueError(f"predicted, sure and possible must be of the same sentences; got {counts}")
    right = total = 0
    for links, must, may in zip(map(set, predicted), map(set, sure), map(set, possible), strict=True):
        right += len(links & must) + len(links & (must | may))
        total += len(links) + len(must)
    if not total:
        raise ValueError(f"no link is predicted and none is sure, in {len(sure)} sentences: there is no rate")
    return 1 - right / total


def links_from_weights(
    weights: Tensor, source_lengths: Sequence[int], target_lengths: Sequence[int], *, end_of_sentence: bool
) -> list[set[Link]]:
    """Link every target word to the source word that it attends to most.

    Args:
        weights: (B, Lt, Ls), row t are the weights with which target word t was predicted; rows and columns after
            the words may hold </s> and padding.
        source_lengths: (B,), words of each source, without </s>.
        target_lengths: (B,), words of each target, without </s>.
        end_of_sentence: keep the column of </s>, right after the source words: a target word that attends to it most
            is linked to nothing. Otherwise the column is left out before the largest weight is looked for.

    Returns:
        For each sentence its links. Of equal weights the first counts; a row of zeros gives no link.

    Raises:
        ValueError: weights that are not finite or not (B, Lt, Ls), or lengths that do not fit them.
    """
    if weights.dim() != 3 or not weights.shape[0] == len(source_lengths) == len(target_lengths):
        counts = f"{len(source_lengths)} source lengths, {len(target_lengths)} target lengths"
        raise ValueError(f"weights must be (B, Lt, Ls) with B lengths a side; got {tuple(weights.shape)}, {counts}")
    if not torch.isfinite(weights).all():
        raise ValueError("weights must be finite")
    links = []
    lengths = zip(map(int, source_lengths), map(int, target_lengths), strict=True)
    for index, (source_length, target_length) in enumerate(lengths):
        columns = source_length + end_of_sentence
        if not (source_length >= 1 and columns <= weights.shape[2] and 1 <= target_length <= weights.shape[1]):
            raise ValueError(
                f"sentence {index}: {source_length} source and {target_length} target words"
                f"{' and </s>' if end_of_sentence else ''} do not fit into weights {tuple(weights.shape[1:])}"
            )
        largest, source = weights[index, :target_length, :columns].max(dim=-1)  # (target_length,) both
        found = zip(source.tolist(), (largest > 0).tolist(), strict=True)
        links.append({(i, j) for j, (i, attended) in enumerate(found) if attended and i < source_length})
    return links


def diagonal_links(source_length: int, target_length: int) -> set[Link]:
    """Link every target word to the source word at the same share of the way: the baseline that knows no words.

    Args:
        source_length: words of the source.
        target_length: words of the target.

    Returns:
        One link for each target word.

    Raises:
        ValueError: a length under 1.
    """
    if min(source_length, target_length) < 1:
        raise ValueError(f"lengths must be 1 or more; got {source_length} and {target_length}")
    # The middle of target word j lies at (j + 1/2) / target_length; in whole numbers, so that nothing is rounded.
    return {((2 * j + 1) * source_length // (2 * target_length), j) for j in range(target_length)}
