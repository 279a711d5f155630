"""A live figure in a notebook: a widget while a kernel runs, and a placeholder that the book's site brings to life."""

import html
import json
import math
from collections.abc import Mapping
from numbers import Number
from types import MappingProxyType
from typing import Any

from attnbook.extras import require
from attnbook.figures import BUNDLES, WEIGHTS, definition

with require("figures"):
    import anywidget
    import traitlets
    from jsonschema import Draft202012Validator


class State(traitlets.TraitType):
    """What a figure shows, checked against its schema; read-only, so that no change goes unseen."""

    def validate(self, shown: "LiveFigure", changes: object) -> MappingProxyType:
        """Take changes to the present state.

        Args:
            shown: the figure.
            changes: property -> value; what is not given stays as it is.

        Returns:
            The whole new state.

        Raises:
            TypeError: the changes are no mapping.
            ValueError: the figure cannot show them.
        """
        if not isinstance(changes, Mapping):
            raise TypeError(f"state must be a mapping, as {{'name': value}}; got {type(changes).__name__}")
        schema = definition(shown.name)["schema"]
        unknown = sorted(set(changes) - set(schema["properties"]), key=str)
        if unknown:
            raise ValueError(f"the state of {shown.name} has {', '.join(schema['properties'])}; got {unknown[0]!r}")
        state = {**shown._trait_values.get(self.name, {}), **changes}
        plain = {name: _plain(value) for name, value in state.items()}
        problem = next(Draft202012Validator(schema).iter_errors(plain), None)
        if problem:
            place = "".join(f"[{part}]" if isinstance(part, int) else part for part in problem.path)
            message = problem.message
            said = message if len(message) < 300 else f"{message[:150]} … {message[-150:]}"
            raise ValueError(f"{place or 'state'} of {shown.name}: {said}")
        return MappingProxyType({name: _frozen(value) for name, value in plain.items()})


class LiveFigure(anywidget.AnyWidget):
    """A figure of the book; `figure` makes it."""

    alt = traitlets.Unicode().tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    state = State().tag(sync=True, to_json=lambda state, _: _plain(state))

    def __init__(self, name: str, alt: str, state: Mapping[str, object]) -> None:
        self.name = name
        self._esm = (BUNDLES / f"{name}.mjs").read_text(encoding="utf-8")
        self._css = (BUNDLES / "figure.css").read_text(encoding="utf-8")
        schema = definition(name)["schema"]
        weights = (WEIGHTS / schema["x-weights"]).read_bytes() if "x-weights" in schema else b""
        defaults = {key: value["default"] for key, value in schema["properties"].items()}
        super().__init__(alt=alt, weights=weights, state={**defaults, **state})

    def __repr__(self) -> str:
        return f"figure({self.name!r}, alt={self.alt!r})"

    def _repr_mimebundle_(self, **options: object) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**options)
        return {**data, "text/html": self.placeholder()}, metadata

    def placeholder(self) -> str:
        """What stands in the page: state, poster and alt text; the site's loader makes the figure of it.

        The style is in it too, so that the poster is right wherever a stored output is shown.
        """
        state = _plain(self.state)
        about = definition(self.name)
        posters = [poster["html"] for poster in about["posters"] if poster["state"] == state]
        poster = (posters or [about["posters"][0]["html"]])[0]
        wide, narrow = about["schema"]["x-heights"]
        weights = f' data-weights="{about["schema"]["x-weights"]}"' if "x-weights" in about["schema"] else ""
        model = json.dumps({"alt": self.alt, "state": state}, ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<div class="attn-figure" data-figure="{self.name}" data-state="waiting"{weights} '
            f'style="--height-wide: {wide}px; --height-narrow: {narrow}px"><style>{self._css}</style>'
            f'<script type="application/json" class="state">{model}</script>'
            f'<div class="poster" role="img" aria-label="{html.escape(self.alt)}">{poster}</div></div>'
        )


def _plain(value: Any) -> Any:
    """Lists and numbers, as JSON has them; tensors and arrays too."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Number) and not isinstance(value, int):
        value = float(value)  # fractions and decimals too
        if not math.isfinite(value):
            raise ValueError(f"a state holds finite numbers; got {value}")
    return value


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
