"""What a run recorded, epoch by epoch."""

import json
from pathlib import Path
from typing import Self

BETTER = ("higher", "lower")


class History(list[dict[str, float]]):
    """A list of records, one an epoch.

    `fit` writes epoch (from 1), step (updates so far), loss (mean over all that the epoch counted), count (how much
    that was: target words, say), learning_rate (of the last update), seconds (of training, evaluation not among
    them), and then what `evaluate` returned.
    """

    def values(self, name: str) -> list[float]:
        """Return one column.

        Args:
            name: of a value that each record has.

        Returns:
            One value a record.

        Raises:
            ValueError: a record has no such value; the message lists those it has.
        """
        for record in self:
            if name not in record:
                raise ValueError(f"nothing named {name!r} was recorded; there are: {', '.join(record)}")
        return [record[name] for record in self]

    def best(self, name: str, better: str = "higher") -> int | None:
        """Find the best record, the first of equals.

        Args:
            name: of the value to compare.
            better: "higher" or "lower".

        Returns:
            Its position in the list; None when there is no record, or none with a number that is not NaN.

        Raises:
            ValueError: a record has no such value, or `better` is neither.
        """
        if better not in BETTER:
            raise ValueError(f"better must be one of {', '.join(BETTER)}; got {better!r}")
        numbers = [(value, -place) for place, value in enumerate(self.values(name)) if value == value]
        if better == "lower":
            numbers = [(-value, place) for value, place in numbers]
        return -max(numbers)[1] if numbers else None

    def to_lines(self) -> str:
        """Return the records as JSON lines; numbers are read back exactly."""
        return "".join(json.dumps(record) + "\n" for record in self)

    def save(self, path: Path | str) -> None:
        """Write the records as JSON lines."""
        Path(path).write_text(self.to_lines(), encoding="utf-8")

    @classmethod
    def from_lines(cls, lines: str) -> Self:
        """Read what `to_lines` returned.

        Raises:
            ValueError: a line that is no record.
        """
        records = [json.loads(line) for line in lines.splitlines()]
        if not all(isinstance(record, dict) for record in records):
            raise ValueError("this is no history: each line must be a JSON object")
        return cls(records)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read what `save` wrote.

        Raises:
            ValueError: a line that is no record.
            OSError: the file cannot be read.
        """
        return cls.from_lines(Path(path).read_text(encoding="utf-8"))
