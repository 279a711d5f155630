"""`attnbook train translation` and `attnbook evaluate translation`: what they write, and what they refuse."""

import argparse
import json

import pytest
from attnbook import cli
from attnbook.recipes import command, grading, translation, translation_command
from attnbook.recipes.corpora import generated_corpus, load_corpus

TRAIN = "train translation --model luong-dot --epochs 2 --hidden_dim 8 --batch_size 32 --seeds 2"


@pytest.fixture(scope="module")
def corpus():
    return generated_corpus(pairs=96, valid=8, test=24, held_out=6, clauses=(1, 2), longer=(3,), longer_test=4)


@pytest.fixture
def typed(corpus, monkeypatch):
    """Run a command line on the small corpus."""
    monkeypatch.setattr(translation_command, "load_corpus", lambda data, pair, **sizes: corpus)

    def run(line):
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers(required=True)
        command.add_train(commands)
        command.add_evaluate(commands)
        options = parser.parse_args(line.split())
        return options.run(options, f"attnbook {line}")

    return run


def test_the_commands_write_the_result_file(corpus, tmp_path, typed, monkeypatch, capsys):
    line = f"{TRAIN} --folder {tmp_path / 'runs'} --output {tmp_path / 'result.json'}"
    assert typed(line) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    described = {name: result[name] for name in ("experiment", "dataset", "pair", "model", "device", "seeds")}
    assert described == {
        "experiment": "translation",
        "dataset": "generated",
        "pair": "zh-en",
        "model": "luong-dot",
        "device": "cpu",
        "seeds": [0, 1],
    }
    assert result["command"] == f"attnbook {line}"
    assert {"commit", "machine", "python", "torch", "seconds"} <= result.keys()
    assert result["settings"]["epochs"] == 2 and result["parameters"] > 1000
    assert all(len(values) == 2 for values in result["metrics"].values())
    groups = ("_clauses_1", "_clauses_2", "_clauses_3")
    assert {f"exact_match{name}" for name in ("", *groups, "_held_out", "_without_mask")} <= result["metrics"].keys()
    assert {f"alignment_error{kind}{name}" for kind in ("", "_with_end") for name in groups} <= result["metrics"].keys()
    assert {f"alignment_error_ibm_model1{name}" for name in groups} <= result["baselines"].keys()
    assert [len(history) for history in result["histories"]] == [2, 2]
    assert "alignment_error_diagonal_clauses_1, without a model" in capsys.readouterr().out

    monkeypatch.setattr(translation, "fit", lambda *arguments, **options: pytest.fail("it trained"))
    assert typed(f"evaluate translation --folder {tmp_path / 'runs'} --output {tmp_path / 'again.json'}") == 0
    again = json.loads((tmp_path / "again.json").read_text())
    assert again["metrics"] == result["metrics"]
    assert again["histories"] == result["histories"]


def test_a_command_that_fails_leaves_the_result_file_as_it_was(tmp_path, typed, monkeypatch):
    output = tmp_path / "result.json"
    output.write_text("earlier")

    def fail(*arguments, **options):
        raise RuntimeError("planted")

    monkeypatch.setattr(grading, "grade_baselines", fail)
    with pytest.raises(RuntimeError, match="planted"):
        typed(f"{TRAIN} --folder {tmp_path / 'runs'} --output {output}")
    assert output.read_text() == "earlier"


def test_bad_command_lines(tmp_path, typed, capsys):
    with pytest.raises(SystemExit):
        typed("train translation --model seq2seq --folder runs")
    assert "invalid choice: 'seq2seq' (choose from" in (message := capsys.readouterr().err) and "local-p" in message
    with pytest.raises(ValueError, match="seeds must be 1 or more; got 0"):
        typed(f"{TRAIN} --seeds 0 --folder {tmp_path}")
    for option in ("epochs", "batch_size", "beam_size", "pairs"):
        with pytest.raises(ValueError, match=f"{option} must be 1 or more; got -1"):
            typed(f"{TRAIN} --{option} -1 --folder {tmp_path}")
    with pytest.raises(SystemExit):
        typed(f"{TRAIN} --output {tmp_path} --folder {tmp_path}")
    assert f"must name a file; {tmp_path} is a folder" in capsys.readouterr().err
    with pytest.raises(ValueError, match="device 'abacus' is not usable here"):
        typed(f"{TRAIN} --device abacus --folder {tmp_path}")
    with pytest.raises(ValueError, match=r"luong-dot does not take the options \{'feed': 1\}"):
        typed(f'{TRAIN} --options {{"feed":1}} --folder {tmp_path}')
    with pytest.raises(SystemExit):
        typed(f"{TRAIN} --options [1] --folder {tmp_path}")
    assert "must be an object in JSON, not '[1]'" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError, match="holds no trained translator"):
        typed(f"evaluate translation --folder {tmp_path}")
    with pytest.raises(ValueError, match=r"unknown data 'multi30k' with pair 'de-zh'; there are .*multi30k: de-en"):
        load_corpus("multi30k", "de-zh", pairs=None, pieces=6000)


def test_a_training_that_diverges_ends_with_a_message(typed, tmp_path, capsys):
    assert cli.main(f"{TRAIN} --learning_rate inf --folder {tmp_path}".split()) == 2
    assert "attnbook: update 2: the loss is nan" in capsys.readouterr().err


def test_a_run_of_another_vocabulary_is_not_evaluated(tmp_path, typed, monkeypatch):
    typed(f"{TRAIN} --folder {tmp_path}")
    other = generated_corpus(pairs=40, valid=8, test=8, held_out=2, clauses=(1, 1), longer=())
    monkeypatch.setattr(translation_command, "load_corpus", lambda data, pair, **sizes: other)
    with pytest.raises(ValueError, match="trained with other vocabularies than generated zh-en gives"):
        typed(f"evaluate translation --folder {tmp_path}")
