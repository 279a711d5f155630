"""The tool that writes the bootstrap cell: it inserts, rewrites and checks, and needs an address."""

import guards
import nbformat
import pytest
import yaml
from bootstrap_cell import bootstrap_source, main, requirement
from pages import read

CONFIG = {"repository": {"url": "https://example.org/book"}}


def test_bootstrap_tool(tmp_path, capsys):
    """It inserts the cell, then rewrites it when the address changes, and --check says so without writing."""
    cells = [nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("1 + 1", execution_count=3)]
    (tmp_path / "book").mkdir()
    path = tmp_path / "book" / "a.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    config = tmp_path / "_config.yml"
    config.write_text(yaml.safe_dump(CONFIG))

    before = path.read_bytes()
    assert main(["--check"], tmp_path) == 1
    assert path.read_bytes() == before
    assert "book/a.ipynb" in capsys.readouterr().out
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert guards.bootstrap(read(path), bootstrap_source(CONFIG)) == []
    assert [cell["source"] for cell in read(path)["cells"]][::2] == ["# A", "1 + 1"]

    moved = {"repository": {"url": "https://example.org/moved/"}}
    config.write_text(yaml.safe_dump(moved))
    assert main(["--check"], tmp_path) == 1
    assert main([], tmp_path) == 0
    assert guards.bootstrap(read(path), bootstrap_source(moved)) == []


@pytest.mark.parametrize("config", [{}, {"repository": None}, {"repository": {"url": "git@example.org:x"}}])
def test_bootstrap_needs_an_address(config):
    with pytest.raises(ValueError, match=r"repository\.url"):
        bootstrap_source(config)


def test_requirement_is_what_the_cell_installs(tmp_path, capsys):
    (tmp_path / "_config.yml").write_text(yaml.safe_dump(CONFIG))
    assert main(["--requirement"], tmp_path) == 0
    assert capsys.readouterr().out.strip() == requirement(CONFIG)
    assert requirement(CONFIG) == "attnbook[book] @ git+https://example.org/book"
    assert f'%pip install --quiet "{requirement(CONFIG)}"' in bootstrap_source(CONFIG)
