"""`show_source`: the library's own code without its docstrings, for every public object."""

import ast
import inspect
import textwrap

import attnbook
import pytest
from attnbook import attend, show_source

DEFINED = {
    name: member for name in attnbook.__all__ if inspect.isfunction(member := getattr(attnbook, name))
    or inspect.isclass(member)
}  # fmt: skip


def without_docstrings(source):
    """The same by the syntax tree: every leading string of a function or class taken out."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) and len(node.body) > 1:
            del node.body[0]
    return ast.dump(tree)


def test_every_public_name_is_there():
    assert len(DEFINED) == len(attnbook.__all__) > 20


@pytest.mark.parametrize("name", DEFINED)
def test_what_is_shown_is_the_code_without_docstrings(name):
    source = inspect.getsource(DEFINED[name])
    shown = show_source(DEFINED[name]).text
    assert ast.dump(ast.parse(shown)) == without_docstrings(source)
    lines = iter(source.splitlines())
    assert all(line in lines for line in shown.splitlines())  # same lines, same order, comments too
    assert not shown.endswith("\n")


@pytest.mark.parametrize("name", DEFINED)
def test_docstrings_stay_when_asked_for(name):
    assert show_source(DEFINED[name], docstring=True).text == inspect.getsource(DEFINED[name]).rstrip()


def test_methods_are_moved_to_the_margin():
    shown = show_source(attnbook.MultiHeadAttention.forward).text
    assert shown.startswith("def forward(")
    assert '"""' not in shown


def test_how_a_notebook_shows_it():
    source = show_source(attend)
    assert source._repr_markdown_() == f"```python\n{source.text}\n```"
    assert repr(source) == source.text
    assert "masked_softmax(" in source.text
    assert "Raises:" not in source.text


def only_a_docstring():
    """This is all there is."""


class Nested:
    """Outer."""

    text = """not a docstring"""

    def method(self):
        """Inner,
        over two lines.
        """

        async def deeper():
            """Innermost."""
            return 1

        return deeper


def test_strings_that_are_no_docstrings_stay():
    shown = show_source(Nested).text
    assert "not a docstring" in shown
    assert not any(word in shown for word in ("Outer", "Inner", "two lines"))
    assert ast.dump(ast.parse(shown)).count("Return(") == 2
    assert "all there is" in show_source(only_a_docstring).text  # without it, no code would be left


@pytest.mark.parametrize("target", [len, 3, "attend", None, attnbook.MultiHeadAttention(4, 2)])
def test_objects_without_python_source(target):
    with pytest.raises(TypeError, match="has no Python source to show"):
        show_source(target)
