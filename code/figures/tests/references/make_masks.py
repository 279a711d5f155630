"""Write masks.json: the masks of attnbook.masks, and the weights that they leave in PyTorch."""

import json
from pathlib import Path

import torch
from attnbook import masked_softmax
from attnbook.masks import causal_mask, combine_masks, padding_mask, window_mask

SIZE = 6
SIZES = [(0, 0), (1, 0), (2, 1), (0, 5), (5, 5), (3, 2)]


def mask_of(kind: str, length: int, before: int, after: int) -> torch.Tensor:
    """The mask of a rule of the figure, made by the library.

    Args:
        kind: "none", "causal" or "window".
        length: how many keys are real.
        before: of the window.
        after: of the window.

    Returns:
        (6, 6), True = may attend.
    """
    placed = {"none": None, "causal": causal_mask(SIZE), "window": window_mask(SIZE, before=before, after=after)}[kind]
    return combine_masks(padding_mask(torch.tensor([length]), SIZE)[0].expand(SIZE, SIZE), placed)


def weights_of(scores: torch.Tensor, mask: torch.Tensor) -> dict[str, list]:
    """The weights that the figure shows.

    Args:
        scores: (6, 6).
        mask: (6, 6), True = may attend.

    Returns:
        "ours": the library's softmax. "habit": torch's on scores filled with -1e9.
    """
    return {
        "ours": masked_softmax(scores, mask).tolist(),
        "habit": scores.masked_fill(~mask, -1e9).softmax(-1).tolist(),
    }


def main() -> None:
    """Write the file beside this one. The scores are drawn here: the test gives them to the figure's own softmax."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(SIZE, SIZE, generator=generator)
    rules = [(kind, length, 1, 0) for kind in ("none", "causal") for length in range(SIZE + 1)]
    rules += [("window", length, *sizes) for length in (0, 2, 4, 6) for sizes in SIZES]
    masks = [mask_of(*rule) for rule in rules]
    names = ("kind", "length", "before", "after")
    made = zip(rules, masks, strict=True)
    cases = [{"rule": dict(zip(names, rule, strict=True)), "allowed": mask.tolist()} for rule, mask in made]
    by_hand = [torch.rand(SIZE, SIZE, generator=generator) < share for share in (0.1, 0.3, 0.5, 0.9)]
    weighed = [{"allowed": mask.tolist(), **weights_of(scores, mask)} for mask in [*by_hand, masks[7], masks[-1]]]
    path = Path(__file__).with_name("masks.json")
    path.write_text(
        json.dumps({"scores": scores.tolist(), "rules": cases, "weighed": weighed}) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
