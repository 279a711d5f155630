"""Small data that come with the book; what each holds and where it is from stands in the cards beside the files."""

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnbook.extras import require


@dataclass(frozen=True)
class AttentionHistory:
    """Facts on the history of attention, and questions that one of the facts answers."""

    facts: list[str]
    """One sentence each."""
    years: Tensor
    """(facts,), the year of each fact."""
    questions: list[str]
    answers: Tensor
    """(questions,), index of the fact that answers the question."""


def load_attention_history() -> AttentionHistory:
    """Load 24 facts with their years, and 20 questions with the fact that answers each.

    Returns:
        The facts and the questions, written for this book.
    """
    read = _read("attention_history.json")
    facts, questions = read["facts"], read["questions"]
    return AttentionHistory(
        facts=[fact["text"] for fact in facts],
        years=torch.tensor([float(fact["year"]) for fact in facts]),
        questions=[question["text"] for question in questions],
        answers=torch.tensor([question["fact"] for question in questions]),
    )


@dataclass(frozen=True)
class Flower:
    """A photograph of a dahlia, and which of its pixels are flower."""

    image: Tensor
    """(height, width, 3), in [0, 1]."""
    mask: Tensor
    """(height, width) bool, True inside the outline that was drawn by hand."""


def load_flower() -> Flower:
    """Load scikit-learn's bundled photograph `flower.jpg` and an outline of its two flowers drawn for this book.

    Returns:
        Image and mask.

    Raises:
        ImportError: scikit-learn is missing.
    """
    with require("book"):
        from sklearn.datasets import load_sample_image
    image = torch.from_numpy(np.array(load_sample_image("flower.jpg"))).float() / 255
    height, width = image.shape[:2]
    mask = torch.zeros(height, width, dtype=torch.bool)
    for outline in _read("flower_outline.json")["outlines"]:
        mask |= _inside(torch.tensor(outline, dtype=torch.float32), height, width)
    return Flower(image, mask)


@dataclass(frozen=True)
class Patches:
    """A photograph cut into squares, row by row."""

    features: Tensor
    """(patches, 6): mean and spread of red, green and blue, each scaled to mean 0 and variance 1 over the patches."""
    is_flower: Tensor
    """(patches,) bool, True where more than half of the patch is flower."""
    grid: tuple[int, int]
    """Rows and columns of patches."""


def cut_into_patches(flower: Flower, size: int) -> Patches:
    """Cut a photograph into patches; what does not fill a patch at the right and lower edge is left out.

    Args:
        flower: from `load_flower`.
        size: of a patch, in pixels.

    Returns:
        Patches.

    Raises:
        ValueError: a size under 1, or larger than the photograph.
    """
    height, width = flower.mask.shape
    if not 1 <= size <= min(height, width):
        raise ValueError(f"size must lie between 1 and {min(height, width)}; got {size}")
    rows, columns = height // size, width // size

    def cut(pixels: Tensor) -> Tensor:  # (H, W, channels) -> (patches, size * size, channels)
        whole = pixels[: rows * size, : columns * size].reshape(rows, size, columns, size, -1)
        return whole.transpose(1, 2).reshape(rows * columns, size * size, -1)

    colors = cut(flower.image)
    features = torch.cat([colors.mean(dim=1), colors.std(dim=1)], dim=-1)  # (patches, 6)
    features = (features - features.mean(dim=0)) / features.std(dim=0)
    is_flower = cut(flower.mask[..., None].float()).mean(dim=(1, 2)) > 0.5
    return Patches(features, is_flower, (rows, columns))


@dataclass(frozen=True)
class MarkedSentence:
    """A sentence in which a determiner and its noun are marked."""

    words: list[str]
    determiner: int
    """Position of a word such as "the", "every" or "my"."""
    noun: int
    """Position of the noun that it belongs to."""


def load_determiners() -> list[MarkedSentence]:
    """Load 40 English sentences written for this book, each with one determiner and its noun marked.

    Returns:
        The sentences; the noun stands one to four words after the determiner.
    """
    return [MarkedSentence(**sentence) for sentence in _read("determiners.json")]


def _read(name: str) -> Any:
    return json.loads(resources.files("attnbook.data.files").joinpath(name).read_text(encoding="utf-8"))


def _inside(outline: Tensor, height: int, width: int) -> Tensor:
    """Which pixels lie inside a closed outline (N, 2) of x, y: an odd number of edges to their right."""
    x, y = torch.arange(width) + 0.5, (torch.arange(height) + 0.5)[:, None]  # (W,), (H, 1)
    inside = torch.zeros(height, width, dtype=torch.bool)
    for (x0, y0), (x1, y1) in zip(outline, outline.roll(-1, dims=0), strict=True):
        if y0 != y1:
            crosses = (y0 <= y) != (y1 <= y)
            inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside
