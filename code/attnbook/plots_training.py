"""Training curves: what a run recorded, epoch by epoch."""

from collections.abc import Mapping, Sequence

from attnbook.plots import FONTS, Figure, plt
from attnbook.training.history import History

NOT_DRAWN = ("epoch", "step", "count", "learning_rate", "seconds")


@plt.rc_context(FONTS)
def training_curves(
    history: History | Mapping[str, History],
    *,
    names: Sequence[str] | None = None,
    best: str | None = None,
    better: str = "higher",
    title: str = "",
) -> Figure:
    """Draw a panel for each recorded number, over the epochs.

    Args:
        history: of one run, or of several by name; then each has a colour and a kind of line.
        names: what to draw; the loss and all metrics when not given.
        best: mark each run's best epoch by this number.
        better: "higher" or "lower".
        title: above the panels.

    Returns:
        The figure.

    Raises:
        ValueError: no run, an empty history, nothing to draw, or a name that was not recorded.
    """
    runs = dict(history) if isinstance(history, Mapping) else {"": history}
    if not runs or not all(runs.values()):
        raise ValueError("each history must have a record; train first")
    if names is None:
        names = [name for name in next(iter(runs.values()))[0] if name not in NOT_DRAWN]
    if not names:
        raise ValueError("names must have an entry")
    width = min(4.2 * len(names), 12.0)
    figure, axes = plt.subplots(1, len(names), figsize=(max(width, 5.0), 3.2), squeeze=False, layout="constrained")
    for ax, name in zip(axes[0], names, strict=True):
        for number, (label, records) in enumerate(runs.items()):
            epochs, values = records.values("epoch"), records.values(name)
            style = {"color": f"C{number}", "linestyle": ("-", "--", "-.", ":")[number % 4]}
            ax.plot(epochs, values, label=label, marker="." if len(epochs) < 30 else None, **style)
            place = None if best is None else records.best(best, better)
            if place is not None:
                ax.plot(epochs[place], values[place], "o", markersize=9, markerfacecolor="none", color=style["color"])
        ax.set(xlabel="epoch", ylabel=name.replace("_", " "))
        ax.xaxis.get_major_locator().set_params(integer=True)
    if isinstance(history, Mapping):
        axes[0, 0].legend()
    figure.suptitle(title, fontsize=11, fontweight="bold")
    return figure
