"""Static pictures of attention, in one style and one set of colours."""

from collections.abc import Sequence
from dataclasses import replace

from attnbook.checks import check_whole
from attnbook.extras import require

with require("plots"):
    import matplotlib.pyplot as plt
    import seaborn as sns
    from matplotlib import font_manager
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    with plt.rc_context():  # it registers a font with Chinese characters, and would make it the only one
        import zhplot  # noqa: F401

import numpy as np
import torch
from torch import Tensor

COLORS = {"query": "#0A3CB4", "key": "#946700", "value": "#157D57", "weight": "#AC1D8E", "output": "#7A0A1E"}
"""The colour of each quantity, the same in every figure, plot and formula of the book."""

WEIGHT_MAP = LinearSegmentedColormap.from_list("weight", ["#FFFFFF", "#EBBFE0", COLORS["weight"], "#43063A"])
"""White for no weight, through the colour of weights, to nearly black."""

FONTS = {"font.family": ["sans-serif", "Noto Sans SC"]}
"""Characters that the first font lacks are taken from the second, so that Chinese is readable on every machine."""

# It comes in one weight, which stands for bold too: matplotlib would complain at every bold title.
_installed = font_manager.fontManager.ttflist
_installed += [replace(font, weight=700) for font in _installed if font.name == "Noto Sans SC"]

Weights = Tensor | np.ndarray | Sequence


def use_style() -> None:
    """Set matplotlib and seaborn to the book's style, for the pictures that a page draws itself."""
    sns.set_theme(style="ticks", context="notebook", palette="colorblind")
    plt.rcParams.update(
        {
            **FONTS,
            "figure.dpi": 110,
            "figure.figsize": (7.0, 3.6),
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.fontsize": 9,
            "legend.frameon": False,
            "svg.hashsalt": "attnbook",
        }
    )


@plt.rc_context(FONTS)
def heat_map(
    weights: Weights,
    queries: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    *,
    title: str = "",
    annotate: bool = False,
    gold: Weights | None = None,
    largest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw weights as a heat map: a row for each query, a column for each key.

    Args:
        weights: (Lq, Lk).
        queries: Lq labels for the rows.
        keys: Lk labels for the columns.
        title: of the picture.
        annotate: write the weights into the cells.
        gold: bool (Lq, Lk); cells that a truth names get an outline.
        largest: the weight that is drawn darkest; the largest one present when not given.
        ax: where to draw; a new figure when not given.

    Returns:
        The axes.

    Raises:
        ValueError: weights that are not a matrix, or labels or gold that do not fit it.
    """
    matrix = _array(weights, 2, "weights must be (Lq, Lk)")
    for labels, size, name in ((queries, matrix.shape[0], "queries"), (keys, matrix.shape[1], "keys")):
        if labels is not None and len(labels) != size:
            raise ValueError(f"{name} must have {size} labels; got {len(labels)}")
    queries, keys = _labels(queries), _labels(keys)
    if ax is None:
        height, width = (0.34 * size + 1.2 for size in matrix.shape)
        _, ax = plt.subplots(figsize=(min(max(width, 3.2) + 1.0, 9.0), min(max(height, 2.2), 9.0)))
    sns.heatmap(
        matrix,
        ax=ax,
        cmap=WEIGHT_MAP,
        vmin=0.0,
        vmax=largest,
        annot=annotate,
        fmt=".2f",
        annot_kws={"size": 8},
        xticklabels=keys if keys is not None else "auto",
        yticklabels=queries if queries is not None else "auto",
        cbar_kws={"label": "attention weight"},
        linewidths=0.4 if matrix.size <= 400 else 0.0,
        linecolor="#E6E6E6",
    )
    if gold is not None:
        truth = _array(gold, 2, "gold must be (Lq, Lk)").astype(bool)
        if truth.shape != matrix.shape:
            raise ValueError(f"gold must have the shape of the weights {matrix.shape}; got {truth.shape}")
        for row, column in zip(*truth.nonzero(), strict=True):
            ax.add_patch(plt.Rectangle((column, row), 1, 1, fill=False, edgecolor=COLORS["key"], linewidth=2))
    ax.set(xlabel="key", ylabel="query", title=title)
    if keys is not None:
        is_long = max(map(len, keys), default=0) > 4
        ax.tick_params(axis="x", rotation=45 if is_long else 0)
        plt.setp(ax.get_xticklabels(), ha="right" if is_long else "center")
    ax.tick_params(axis="y", rotation=0)
    return ax


@plt.rc_context(FONTS)
def head_grid(
    weights: Weights,
    tokens: Sequence[str] | None = None,
    *,
    columns: int = 4,
    titles: Sequence[str] | None = None,
) -> Figure:
    """Draw every head's map as a small picture, all on one scale.

    Args:
        weights: (H, Lq, Lk).
        tokens: labels of queries and keys, written beside the first map of each row.
        columns: maps in a row.
        titles: H titles; "head 0" and so on when not given.

    Returns:
        The figure.

    Raises:
        ValueError: weights that are not (H, Lq, Lk), labels or titles that do not fit, columns under 1.
    """
    maps = _array(weights, 3, "weights must be (H, Lq, Lk)")
    if tokens is not None and maps.shape[1:] != (len(tokens), len(tokens)):
        raise ValueError(f"{len(tokens)} tokens need maps of {len(tokens)} x {len(tokens)}; got {maps.shape[1:]}")
    if titles is not None and len(titles) != len(maps):
        raise ValueError(f"titles must have {len(maps)} entries; got {len(titles)}")
    check_whole("columns", columns, 1)
    tokens = _labels(tokens)
    rows = -(-len(maps) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(9.0, 9.0 / columns * rows + 0.3), squeeze=False, sharex=True, sharey=True
    )
    for index, ax in enumerate(axes.flat):
        if index >= len(maps):
            ax.axis("off")
            continue
        picture = ax.imshow(maps[index], cmap=WEIGHT_MAP, vmin=0.0, vmax=1.0)
        ax.set_title(titles[index] if titles is not None else f"head {index}", fontsize=9, fontweight="normal")
        if tokens is not None:
            ax.set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=7)
            ax.set_yticks(range(len(tokens)), tokens, fontsize=7)
    figure.colorbar(picture, ax=axes, label="attention weight", shrink=0.6)
    figure.supxlabel("key", fontsize=10)
    figure.supylabel("query", fontsize=10)
    return figure


@plt.rc_context(FONTS)
def overlay(
    image: Weights,
    weights: Weights,
    *,
    query: tuple[int, int] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Lay a map of weights over the image that it looks at.

    Args:
        image: (height, width, 3) or (height, width), numbers in [0, 1] or bytes.
        weights: (rows, columns), one weight for each patch of the image.
        query: (row, column) of the patch that asks; it gets an outline.
        title: of the picture.
        ax: where to draw; a new figure when not given.

    Returns:
        The axes.

    Raises:
        ValueError: an image or weights of other shapes, negative weights, a query outside the grid of patches.
    """
    picture = np.asarray(image.detach().cpu() if isinstance(image, Tensor) else image)
    if not picture.size or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ValueError(f"image must be (height, width) or (height, width, 3), no size 0; got {picture.shape}")
    grid = _array(weights, 2, "weights must be (rows, columns)")
    if not (grid >= 0).all():
        raise ValueError(f"weights must not be negative; the least is {grid.min()}")
    rows, columns = grid.shape
    if query is not None and not (0 <= query[0] < rows and 0 <= query[1] < columns):
        raise ValueError(f"query must lie in the {rows} x {columns} grid of patches; got {query}")
    if ax is None:
        _, ax = plt.subplots(figsize=(5.0, 5.0 * picture.shape[0] / picture.shape[1] + 0.4))
    height, width = picture.shape[:2]
    gray = picture if picture.ndim == 2 else picture.mean(axis=2)
    ax.imshow(gray, cmap="gray", extent=(0, width, height, 0))
    strength = grid / max(grid.max(), 1e-12)
    colors = plt.get_cmap("inferno")(strength)
    colors[..., 3] = 0.15 + 0.7 * strength**0.5
    ax.imshow(colors, extent=(0, width, height, 0), interpolation="nearest")
    if query is not None:
        corner = (query[1] * width / columns, query[0] * height / rows)
        box = plt.Rectangle(corner, width / columns, height / rows, fill=False, edgecolor="#39C5FF", linewidth=2.5)
        ax.add_patch(box)
    ax.set(xticks=[], yticks=[], title=title)
    sns.despine(ax=ax, left=True, bottom=True)
    return ax


def _array(values: Weights, dimensions: int, rule: str) -> np.ndarray:
    array = np.asarray(values.detach().cpu().to(torch.float32) if isinstance(values, Tensor) else values, dtype=float)
    if array.ndim != dimensions or array.size == 0:
        raise ValueError(f"{rule}, no size 0; got shape {array.shape}")
    return array


def _labels(labels: Sequence[str] | None) -> list[str] | None:
    """Escape the dollar sign, which matplotlib reads as the start of a formula."""
    return None if labels is None else [str(label).replace("$", r"\$") for label in labels]
