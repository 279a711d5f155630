"""`attnbook train classification`: what it writes, and what it refuses."""

import argparse
import json
from dataclasses import replace

import pytest
from attnbook.recipes import classification_command, command
from attnbook.recipes.text_corpora import load_text_corpus

TRAIN = "train classification --model dp --epochs 2 --embed_dim 8 --seeds 2"


@pytest.fixture
def typed(monkeypatch):
    """Run a command line on few texts; the folds that were asked for are kept."""
    folds = []

    def load(data, *, fold, min_count, texts, unseen_words):
        folds.append(fold)
        whole = load_text_corpus("sun_lu", texts=60, unseen_words=unseen_words)
        return replace(whole, tests={"": whole.tests[""][fold : fold + 40]})

    monkeypatch.setattr(classification_command, "load_text_corpus", load)

    def run(line):
        parser = argparse.ArgumentParser()
        command.add_train(parser.add_subparsers(required=True))
        options = parser.parse_args(line.split())
        return options.run(options, f"attnbook {line}")

    run.folds = folds
    return run


def test_the_command_writes_the_result_file(tmp_path, typed, capsys):
    line = f'{TRAIN} --data sun_lu --options {{"scale":2}} --folder {tmp_path / "runs"} --output {tmp_path / "r.json"}'
    assert typed(line) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    described = {name: result[name] for name in ("experiment", "dataset", "model", "device", "seeds", "command")}
    assert described == {
        "experiment": "classification",
        "dataset": "sun_lu",
        "model": "dp",
        "device": "cpu",
        "seeds": [0, 1],
        "command": f"attnbook {line}",
    }
    assert {"commit", "machine", "python", "torch", "seconds"} <= result.keys()
    assert (result["settings"]["epochs"], result["settings"]["scale"]) == (2, 2)
    assert result["parameters"] == (len(load_text_corpus("sun_lu", texts=60).vocabulary) + 2) * 8
    assert all(len(values) == 2 for values in result["metrics"].values())
    assert {"accuracy", "macro_f1", "weight_on_decisive_words", "training_seconds"} <= result["metrics"].keys()
    assert result["together"].keys() == {"accuracy", "macro_f1"}
    expected = {"accuracy_majority", "accuracy_naive_bayes", "average_precision_chance"}
    assert expected <= result["baselines"].keys()
    assert [len(history) for history in result["histories"]] == [2, 2]
    assert typed.folds == [0]
    printed = capsys.readouterr().out
    assert "accuracy_majority, without a model" in printed and "accuracy, all 2 together" in printed

    again = tmp_path / "again.json"
    assert typed(line.replace("r.json", "again.json")) == 0  # goes on: nothing is left to train
    assert json.loads(again.read_text())["metrics"] == result["metrics"]


def test_data_without_a_split_are_tested_on_a_fold_a_seed(tmp_path, typed, monkeypatch):
    output = tmp_path / "result.json"
    typed(f"{TRAIN} --data rt_polarity --folder {tmp_path / 'runs'} --output {output}")
    assert typed.folds == [0, 1]
    assert "together" not in json.loads(output.read_text())  # each has another fold
    with pytest.raises(ValueError, match="seeds must be from 1 to 10, one a fold; got 11"):
        typed(f"{TRAIN} --data rt_polarity --seeds 11 --folder {tmp_path}")


def test_words_that_training_never_shows_are_known_by_their_spelling(tmp_path, typed):
    output = tmp_path / "result.json"
    line = f"{TRAIN} --data sun_lu --character_ngrams 20 --average 0.9 --folder {tmp_path / 'runs'} --output {output}"
    typed(line)
    result = json.loads(output.read_text())
    words = len(load_text_corpus("sun_lu", texts=60, unseen_words=True).vocabulary)
    assert result["parameters"] == (words + 20 + 1 + 2) * 8
    assert result["settings"]["character_ngrams"] == 20 and result["settings"]["average"] == 0.9


def test_bad_command_lines(tmp_path, typed, capsys):
    for wrong, allowed in (("--data sun_lu --model bert", "han-average"), ("--data imdb --model dp", "rt_polarity")):
        with pytest.raises(SystemExit):
            typed(f"train classification {wrong} --folder {tmp_path}")
        assert "invalid choice" in (message := capsys.readouterr().err) and allowed in message
    with pytest.raises(ValueError, match="seeds must be 1 or more; got 0"):
        typed(f"{TRAIN} --data sun_lu --seeds 0 --folder {tmp_path}")
    with pytest.raises(ValueError, match="device 'abacus' is not usable here"):
        typed(f"{TRAIN} --data sun_lu --device abacus --folder {tmp_path}")
    with pytest.raises(ValueError, match=r"dp does not take the options \{'heads': 1\}"):
        typed(f'{TRAIN} --data sun_lu --options {{"heads":1}} --folder {tmp_path}')
    with pytest.raises(ValueError, match="han reads documents, and sst2 has single texts"):
        typed(f"train classification --data sst2 --model han --folder {tmp_path}")
    with pytest.raises(SystemExit):
        typed(f"{TRAIN} --data sun_lu --options [1] --folder {tmp_path}")
    assert "must be an object in JSON, not '[1]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
