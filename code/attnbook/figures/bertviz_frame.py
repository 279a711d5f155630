"""bertviz's views, each in a frame of its own."""

import html
import re
from collections.abc import Callable

from torch import Tensor

SIZE_ITSELF = """
<style>body { margin: 0; padding: 8px; background: white; overflow-x: hidden; }</style>
<script>
(function () {
  function fit() {
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


class Frame:
    """A page within the page, that brings its own scripts and disturbs nobody's."""

    def __init__(self, content: str, title: str, height: int) -> None:
        self.content, self.title, self.height = content, title, height

    def __repr__(self) -> str:
        return f"<frame: {self.title}>"

    def _repr_html_(self) -> str:
        head = '<head><meta charset="utf-8"></head>'
        document = f'<!doctype html><html lang="en">{head}<body>{self.content}</body></html>'
        return (
            f'<iframe title="{html.escape(self.title)}" loading="lazy" '
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
    arguments = {name: _rounded(argument) for name, argument in arguments.items()}
    content = view(**arguments, html_action="return").data
    content = re.sub(r"bertviz-[0-9a-f]{32}", "bertviz", content)  # alone in its frame, it needs no random name
    for name, label in (("layer", "layer"), ("filter", "kind of attention")):
        content = content.replace(f'<select id="{name}"', f'<select aria-label="{label}" id="{name}"')
    return Frame(SIZE_ITSELF + content, title, height)


def _rounded(argument: object) -> object:
    if isinstance(argument, Tensor):
        return argument.detach().cpu().double().round(decimals=3)
    is_maps = isinstance(argument, list | tuple) and argument and isinstance(argument[0], Tensor)
    return [_rounded(part) for part in argument] if is_maps else argument
