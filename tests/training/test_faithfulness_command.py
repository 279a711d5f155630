"""`attnbook evaluate faithfulness`: what it writes, and what it refuses."""

import argparse
import json

import pytest
from attnbook.data.reviews import load_reviews
from attnbook.recipes import classification_command, faithfulness_command
from attnbook.recipes.faithfulness_command import load_texts


@pytest.fixture
def typed():
    """Run a command line."""

    def run(line):
        parser = argparse.ArgumentParser()
        verbs = parser.add_subparsers(required=True)
        classification_command.add_train(verbs.add_parser("train").add_subparsers(required=True))
        faithfulness_command.add_evaluate(verbs.add_parser("evaluate").add_subparsers(required=True))
        options = parser.parse_args(line.split())
        return options.run(options, f"attnbook {line}")

    return run


def test_the_command_grades_what_was_trained(tmp_path, typed, capsys):
    folder, output = tmp_path / "runs", tmp_path / "result.json"
    typed(f"train classification --data sun_lu --model dp --seeds 2 --epochs 3 --texts 600 --folder {folder}")
    line = f"evaluate faithfulness --folder {folder} --data sun_lu --texts 30 --output {output}"
    assert typed(line) == 0
    result = json.loads(output.read_text())
    described = {name: result[name] for name in ("experiment", "dataset", "texts", "model", "trained_on", "seeds")}
    assert described == {
        "experiment": "faithfulness",
        "dataset": "sun_lu",
        "texts": 30,
        "model": "dp",
        "trained_on": "sun_lu",
        "seeds": [0, 1],
    }
    assert result["command"] == f"attnbook {line}" and result["settings"]["epochs"] == 3
    assert {f"{method}/comprehensiveness" for method in ("attention", "polarity", "gradient", "random")} <= result[
        "metrics"
    ].keys()
    assert {"accuracy", "uniform/flips", "seeds/divergence", "training_seconds"} <= result["metrics"].keys()
    assert all(len(values) == 2 for values in result["metrics"].values())
    assert result["baselines"].keys() >= {"chance/f1", "naive_bayes/f1"}
    assert "attention/adversarial_divergence" in capsys.readouterr().out
    with pytest.raises(ValueError, match="are unknown to dp, trained on sun_lu"):
        typed(f"evaluate faithfulness --folder {folder} --data reviews")
    with pytest.raises(ValueError, match="texts must be 1 or more"):
        typed(f"evaluate faithfulness --folder {folder} --data sun_lu --texts 0")
    with pytest.raises(FileNotFoundError, match="holds no trained classifier"):
        typed(f"evaluate faithfulness --folder {tmp_path} --data sun_lu")


def test_texts_are_drawn_at_random_and_always_the_same():
    drawn = load_texts("reviews", 50)
    assert drawn == load_texts("reviews", 50) and drawn[""] == load_texts("reviews", 300)[""][:50]
    assert len({(review.topic, review.label) for review in drawn[""]}) > 6
    everything = load_texts("reviews", 10**6)[""]
    assert len(everything) == len(load_reviews()) and everything != load_reviews()
