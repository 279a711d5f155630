"""What the experiments at real scale gave, as their own commands wrote it down."""

import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from attnbook.checks import check_whole

FILES = "attnbook.results.files"


@dataclass(frozen=True)
class Result:
    """One experiment."""

    name: str
    content: Mapping[str, object]
    """The file as it stands: command, commit, machine, seconds, seeds, settings, metrics and more."""

    def values(self, metric: str) -> list[float]:
        """Return what was measured.

        Args:
            metric: such as "bleu", or the name of a baseline.

        Returns:
            One value a seed, or the single value of a baseline, which no seed changes.

        Raises:
            ValueError: nothing of that name was measured; the message lists what was.
        """
        metrics, baselines = self.content.get("metrics", {}), self.content.get("baselines", {})
        if metric in metrics:
            return list(metrics[metric])
        if metric in baselines:
            return [baselines[metric]]
        raise ValueError(f"{self.name} has no {metric!r}; it has {', '.join([*metrics, *baselines])}")

    def mean(self, metric: str) -> float:
        """Return the mean over the seeds; raises as `values` does."""
        return statistics.fmean(self.values(metric))

    @property
    def origin(self) -> str:
        """Where the numbers of a trained model are from, in a line: seeds, time, machine, commit, command."""
        said, commit = self.content, self.content["commit"][:7]
        where = f"{said['device']} ({said['machine']['cores']} cores of {said['machine']['processor']})"
        seeds, seconds = len(said["seeds"]), self.mean("training_seconds")
        time = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
        return (
            f"{seeds} seed{'s' if seeds > 1 else ''}, {time} of training each, {where}, graded at commit {commit}: "
            f"{said['command']}"
        )


class ResultTable:
    """A table that a notebook shows as Markdown."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


def load_result(name: str) -> Result:
    """Read a result file.

    Args:
        name: of a file in `results/`, without its ".json".

    Returns:
        The experiment.

    Raises:
        ValueError: there is no such file; the message lists those there are.
    """
    if name not in result_names():
        raise ValueError(f"unknown result {name!r}; there are {', '.join(result_names())}")
    text = resources.files(FILES).joinpath(f"{name}.json").read_text(encoding="utf-8")
    return Result(name, json.loads(text))


def result_names() -> list[str]:
    """Return the names of all experiments."""
    files = (entry.name for entry in resources.files(FILES).iterdir())
    return sorted(name.removesuffix(".json") for name in files if name.endswith(".json"))


def result_table(
    results: Mapping[str, Result], columns: Mapping[str, str], *, digits: int = 2, heading: str = "model"
) -> ResultTable:
    """Put experiments side by side: the mean over the seeds, and in brackets the least and the greatest.

    Args:
        results: a row each, under its label.
        columns: label → metric; where an experiment has no such metric the cell says "–".
        digits: after the point.
        heading: of the first column.

    Returns:
        The table, and under it the origin of each row.

    Raises:
        ValueError: nothing to show, a metric that none of the experiments has, or digits under 0.
        TypeError: digits that are no integer.
    """
    if not results or not columns:
        raise ValueError("a table needs a result and a column")
    check_whole("digits", digits, 0)
    for metric in columns.values():
        if not any(_has(result, metric) for result in results.values()):
            raise ValueError(f"none of {', '.join(result.name for result in results.values())} has {metric!r}")
    lines = [f"| {' | '.join([heading, *columns])} |", f"|---|{'---:|' * len(columns)}"]
    for label, result in results.items():
        cells = (_cell(result, metric, digits) for metric in columns.values())
        lines.append(f"| {' | '.join([label, *cells])} |")
    lines.append("")
    lines += [f"- {label}: {result.origin.replace(': attnbook', ': `attnbook')}`" for label, result in results.items()]
    return ResultTable("\n".join(lines))


def _has(result: Result, metric: str) -> bool:
    return any(metric in result.content.get(kind, {}) for kind in ("metrics", "baselines"))


def _cell(result: Result, metric: str, digits: int) -> str:
    if not _has(result, metric):
        return "–"
    values = result.values(metric)
    mean = f"{statistics.fmean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f} to {max(values):.{digits}f})"
