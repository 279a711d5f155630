"""bertviz's views, each in a frame of its own."""

import html
import json
import re
from collections.abc import Callable

from torch import Tensor

SIZE_ITSELF = """
<style>
body { margin: 0; padding: 8px; background: white; overflow-x: hidden; }
h1 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
</style>
<script>
(function () {
  function fit() {
    if (!document.querySelector("svg")) { return; } // nothing is drawn yet: the frame keeps the height it was given
    var body = document.body, frame = window.frameElement;
    body.style.zoom = 1;
    var wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
    if (wide > room) { body.style.zoom = room / wide; }
    if (frame) { frame.style.height = Math.ceil(body.getBoundingClientRect().height) + 4 + "px"; }
  }
  new MutationObserver(fit).observe(document, { childList: true, subtree: true });
  window.addEventListener("resize", fit);
  window.addEventListener("load", fit);
})();
</script>
"""


STAND_IN = "\ue000"  # for the "<" of a token that would end the script


class Frame:
    """A page within the page, that brings its own scripts and disturbs nobody's."""

    def __init__(self, content: str, title: str, height: int) -> None:
        self.content, self.title, self.height = content, title, height

    def __repr__(self) -> str:
        return f"<frame: {self.title}>"

    def _repr_html_(self) -> str:
        title = html.escape(self.title)
        head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
        body = f"<body><main><h1>{title}</h1>{self.content}</main></body>"
        document = f'<!doctype html><html lang="en">{head}{body}</html>'
        return (
            f'<iframe title="{title}" loading="lazy" '
            f'style="width: 100%; height: {self.height}px; border: 0; border-radius: 6px; background: white;" '
            f'srcdoc="{html.escape(document)}"></iframe>'
        )


def bertviz_frame(view: Callable, *, title: str, height: int = 420, **arguments: object) -> Frame:
    """Show a view of bertviz in its own frame (Vig 2019; arXiv:1906.05714).

    Alone in a frame, a view draws itself on the first run in JupyterLab and Colab, and it stays clear of the
    scripts of the page around it. The frame takes the height of the view and shrinks it to the width there is.

    Args:
        view: `bertviz.head_view` or `bertviz.model_view`.
        title: says what the frame shows, to those who cannot see it too.
        height: in pixels, until the view is drawn.
        arguments: for the view. Weights are rounded to three decimals, which makes the page a third as heavy.

    Returns:
        A frame that a notebook shows.

    Raises:
        TypeError: view is not callable.
    """
    if not callable(view):
        raise TypeError(f"view must be bertviz.head_view or bertviz.model_view; got {type(view).__name__}")
    arguments = {name: _prepared(argument) for name, argument in arguments.items()}
    content = view(**arguments, html_action="return").data
    content = content.replace(json.dumps(STAND_IN)[1:-1], r"\u003c")
    content = re.sub(r"bertviz-[0-9a-f]{32}", "bertviz", content)  # alone in its frame, it needs no random name
    for name, label in (("layer", "layer"), ("filter", "kind of attention")):
        content = content.replace(f'<select id="{name}"', f'<select aria-label="{label}" id="{name}"')
    return Frame(SIZE_ITSELF + content, title, height)


def _prepared(argument: object) -> object:
    if isinstance(argument, str):
        return re.sub("<(?=/script|!--)", STAND_IN, argument, flags=re.IGNORECASE)
    if isinstance(argument, Tensor):
        return argument.detach().cpu().double().round(decimals=3)
    return [_prepared(part) for part in argument] if isinstance(argument, list | tuple) else argument
