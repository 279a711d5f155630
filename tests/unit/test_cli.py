"""`attnbook claims` and `export`: pages and models are run, results written whole; bad arguments are refused."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from attnbook import cli

SOUND = """
from attnbook.claims import claim, seed_and_device
seed, device = seed_and_device()
claim("a half is a half", 0.5, equals=0.5)
"""
FAILS_ON_SEED_1 = """
import os
from attnbook.claims import claim
claim("the seed is never one", int(os.environ["ATTNBOOK_SEED"]), at_most=0)
open("left_behind.txt", "w").close()
"""


def write_page(path, source):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Two small pages, run once with two seeds through the console script's module."""
    folder = tmp_path_factory.mktemp("claims")
    write_page(folder / "book" / "one" / "sound.ipynb", SOUND)
    write_page(folder / "book" / "two" / "shaky.ipynb", FAILS_ON_SEED_1)
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    code = "import sys; from attnbook.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "claims", "--seeds", "2", "--output", "out/claims.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ)
    return folder, before, done


def test_a_claim_that_fails_makes_the_exit_status_1(outcome):
    _, _, done = outcome
    assert done.returncode == 1, done.stderr
    assert "✓   2 of 2  one/sound: a half is a half (equals 0.5)" in done.stdout
    assert "✗   1 of 2  two/shaky: the seed is never one (at most 0)" in done.stdout
    assert "measured: 0, 1" in done.stdout


def test_result_file(outcome):
    folder, _, _ = outcome
    result = json.loads((folder / "out" / "claims.json").read_text())
    assert result["claims"] == [
        {
            "page": "one/sound",
            "text": "a half is a half",
            "band": "equals 0.5",
            "measured": [0.5, 0.5],
            "held": 2,
            "of": 2,
        },
        {
            "page": "two/shaky",
            "text": "the seed is never one",
            "band": "at most 0",
            "measured": [0, 1],
            "held": 1,
            "of": 2,
        },
    ]
    assert result["experiment"] == "claims"
    assert result["command"] == "attnbook claims --seeds 2 --output out/claims.json"
    assert (result["seeds"], result["devices"]) == ([0, 1], ["cpu"])
    assert set(result["machine"]) == {"processor", "cores"}
    assert {"commit", "torch", "python", "seconds"} < set(result)


def test_notebooks_and_their_folder_stay_as_they_were(outcome):
    folder, before, _ = outcome
    assert {path: path.read_bytes() for path in folder.rglob("*.ipynb")} == before
    assert [path.name for path in folder.rglob("*.txt")] == []
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["claims.json"]


def test_all_held_makes_the_exit_status_0(tmp_path, capsys):
    write_page(tmp_path / "book" / "sound.ipynb", SOUND)
    output = tmp_path / "claims.json"
    arguments = ["claims", "sound", "--book", str(tmp_path / "book"), "--seeds", "1", "--output", str(output)]
    assert cli.main(arguments) == 0
    assert json.loads(output.read_text())["claims"][0]["held"] == 1
    assert "✓   1 of 1  sound" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "message"),
    [("1 / 0", "ZeroDivisionError"), ("print('no claim here')", "made no claim")],
)
def test_a_page_that_cannot_be_measured_writes_nothing(tmp_path, capsys, source, message):
    write_page(tmp_path / "book" / "broken.ipynb", source)
    output = tmp_path / "claims.json"
    output.write_text("old")
    assert cli.main(["claims", "--book", str(tmp_path / "book"), "--seeds", "1", "--output", str(output)]) == 2
    assert message in capsys.readouterr().err
    assert output.read_text() == "old"


def test_a_claim_that_a_run_missed_did_not_hold_there():
    record = {"text": "t", "band": "at least 1", "measured": 1, "held": True}
    assert cli.gather("p", [[record], []])[0]["of"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--book", "nowhere"], "no notebook under nowhere"),
        (["absent"], "no page named absent; there are: sound"),
        (["--devices", "abacus"], "device 'abacus' is not usable here"),
    ],
)
def test_bad_arguments(tmp_path, monkeypatch, capsys, arguments, message):
    write_page(tmp_path / "book" / "sound.ipynb", SOUND)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["claims", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("seeds", ["0", "-1", "some"])
def test_bad_seeds(capsys, seeds):
    with pytest.raises(SystemExit) as stop:
        cli.main(["claims", f"--seeds={seeds}"])
    assert stop.value.code == 2
    assert f"must be a whole number of one or more, not '{seeds}'" in capsys.readouterr().err


def test_a_missing_extra_is_named(tmp_path, monkeypatch, capsys):
    write_page(tmp_path / "book" / "sound.ipynb", SOUND)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert cli.main(["claims", "--book", str(tmp_path / "book")]) == 2
    assert 'pip install "attnbook[book]"' in capsys.readouterr().err


def test_importing_the_command_line_is_light():
    code = "import sys, attnbook.cli; print({'nbclient', 'sphinx', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


MODELS = """
from __future__ import annotations
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class _Sizes:
    wide: int = 2

def good():
    return nn.Linear(2, 1), [(torch.randn(3, 2),), (torch.randn(1, 2),)]

def one_length():
    return nn.Linear(2, 1), [(torch.ones(3, 2),)]

def no_model():
    return "model", []

constant = 1
"""


def test_export_writes_a_model_that_a_file_gives(tmp_path):
    (tmp_path / "models.py").write_text(MODELS)
    target = f"{tmp_path / 'models.py'}:good"
    texts = []
    for seed in ("3", "3", "4"):
        assert cli.main(["export", target, str(tmp_path / "out"), "--seed", seed, "--half"]) == 0
        texts.append((tmp_path / "out" / "reference.json").read_text())
    assert json.loads(texts[0])["seed"] == 3 and json.loads(texts[0])["weights"] == "float16"
    assert texts[0] == texts[1] and json.loads(texts[0])["runs"] != json.loads(texts[2])["runs"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["reference.json", "weights.safetensors"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("models.py:one_length", "two inputs of different lengths or sizes are needed"),
        ("models.py:no_model", "models.py:no_model must return (model, inputs); got ('model', [])"),
        ("models.py:absent", "models.py has no function 'absent'; it has: good, no_model, one_length"),
        ("models.py:constant", "models.py has no function 'constant'"),
        ("nowhere.py:good", "cannot import nowhere.py: there is no such file"),
        ("no_such_module:good", "cannot import no_such_module: No module named 'no_such_module'"),
        ("models.py", "say module:function or file.py:function; got 'models.py'"),
        (".models:good", "say module:function or file.py:function; got '.models:good'"),
    ],
)
def test_export_says_what_is_wrong_and_writes_nothing(tmp_path, monkeypatch, capsys, target, message):
    (tmp_path / "models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", target, "out"]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_export_into_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "models.py").write_text(MODELS)
    assert cli.main(["export", f"{tmp_path / 'models.py'}:good", str(tmp_path / "models.py")]) == 2
    assert "File exists" in capsys.readouterr().err
    assert (tmp_path / "models.py").read_text() == MODELS


def test_export_without_its_extra_names_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "models.py").write_text(MODELS)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    assert cli.main(["export", f"{tmp_path / 'models.py'}:good", str(tmp_path / "out")]) == 2
    assert 'pip install "attnbook[figures]"' in capsys.readouterr().err
