"""Result files: read as they stand, shown with their spread and their origin."""

import json
import re

import pytest
from attnbook.results import Result, load_result, result_names, result_table

CONTENT = {
    "command": "attnbook train translation --model luong-dot",
    "commit": "0123456789abcdef",
    "machine": {"processor": "A processor", "cores": 2},
    "device": "cpu",
    "seeds": [0, 1],
    "metrics": {"bleu": [20.0, 30.0], "alignment_error": [0.125, 0.25], "training_seconds": [500.0, 700.0]},
    "baselines": {"alignment_error_diagonal": 0.75},
}
RESULT = Result("translation", CONTENT)


def test_values_means_and_baselines():
    assert RESULT.values("bleu") == [20.0, 30.0]
    assert RESULT.mean("bleu") == 25.0
    assert RESULT.values("alignment_error_diagonal") == [0.75]
    assert RESULT.origin == (
        "2 seeds, 10 minutes of training each, cpu (2 cores of A processor), graded at commit 0123456: "
        "attnbook train translation --model luong-dot"
    )


def test_a_table_has_means_spreads_gaps_and_origins():
    other = Result(
        "other", {**CONTENT, "seeds": [0], "metrics": {"bleu": [10.0], "training_seconds": [80.0]}, "baselines": {}}
    )
    columns = {"BLEU": "bleu", "error": "alignment_error", "diagonal": "alignment_error_diagonal"}
    shown = result_table({"Luong": RESULT, "Other": other}, columns, digits=1)
    lines = shown._repr_markdown_().splitlines()
    assert lines[:2] == ["| model | BLEU | error | diagonal |", "|---|---:|---:|---:|"]
    assert lines[2] == "| Luong | 25.0 (20.0 to 30.0) | 0.2 (0.1 to 0.2) | 0.8 |"
    assert lines[3] == "| Other | 10.0 | – | – |"
    assert lines[5].startswith("- Luong: 2 seeds, 10 minutes of") and lines[5].endswith("--model luong-dot`")
    assert lines[6].startswith("- Other: 1 seed, 80 seconds of")
    assert repr(shown) == shown._repr_markdown_()


def test_every_result_file_of_an_experiment_says_where_it_is_from():
    assert {"claims", "site"} <= set(result_names())
    for name in result_names():
        content = load_result(name).content
        json.dumps(content, allow_nan=False)
        if content["experiment"] not in ("claims", "site"):
            assert re.fullmatch("[0-9a-f]{40}", content["commit"]), f"{name}: {content['commit']} is no clean commit"
            assert {len(values) for values in content["metrics"].values()} == {len(content["seeds"])}
            assert load_result(name).origin.endswith(content["command"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_result("nothing"), "unknown result 'nothing'; there are claims"),
        (lambda: load_result("../pyproject"), "unknown result"),
        (
            lambda: RESULT.values("chrf"),
            "translation has no 'chrf'; it has bleu, alignment_error, training_seconds, al",
        ),
        (lambda: load_result("site").values("bleu"), "site has no 'bleu'; it has "),
        (lambda: result_table({}, {"BLEU": "bleu"}), "needs a result and a column"),
        (lambda: result_table({"a": RESULT}, {}), "needs a result and a column"),
        (lambda: result_table({"a": RESULT}, {"chrF": "chrf"}), "none of translation has 'chrf'"),
    ],
)
def test_misfits_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
