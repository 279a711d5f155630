"""Show the library's own code on a page, so that page and library cannot differ."""

import ast
import inspect
import textwrap


class Source:
    """The source of an object, shown as highlighted Markdown in a notebook."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def show_source(target: object, *, docstring: bool = False) -> Source:
    """Return the source of a function or class for display, without its docstrings unless they are asked for.

    Args:
        target: a function, method or class.
        docstring: keep the docstrings.

    Returns:
        An object that a notebook shows as highlighted code.

    Raises:
        TypeError: the object has no Python source.
    """
    try:
        text = textwrap.dedent(inspect.getsource(target)).rstrip()
    except (TypeError, OSError):
        raise TypeError(f"{target!r} has no Python source to show") from None
    return Source(text if docstring else _without_docstrings(text))


def _without_docstrings(text: str) -> str:
    lines = text.splitlines()
    for node in sorted(ast.walk(ast.parse(text)), key=lambda node: -getattr(node, "lineno", 0)):
        is_scope = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if is_scope and ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
            first = node.body[0]
            stop = first.end_lineno
            while stop < len(lines) and not lines[stop].strip() and not isinstance(node, ast.ClassDef):
                stop += 1
            del lines[first.lineno - 1 : stop]
    return "\n".join(lines)
