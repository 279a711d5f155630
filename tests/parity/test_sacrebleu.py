"""BLEU and chrF against sacrebleu's own command line."""

import json
import subprocess
import sys

import pytest
from attnbook.metrics.translation import bleu, chrf

REFERENCES = [
    "A man in an orange hat starring at something.",
    "A Boston Terrier is running on lush green grass in front of a white fence.",
    "A girl in karate uniform breaking a stick with a front kick.",
    "Five people wearing winter jackets and helmets stand in the snow, with snowmobiles in the background.",
]
HYPOTHESES = [
    "a man with an orange hat is staring at something.",
    "A Boston terrier runs over green grass in front of a white fence.",
    "A girl in a karate suit is breaking a stick with a kick.",
    "Five people in winter jackets and helmets are standing in the snow, with snowmobiles in the background.",
]


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize(("metric", "name"), [(bleu, "bleu"), (chrf, "chrf")])
def test_score_and_signature(metric, name, lowercase, tmp_path):
    for file, sentences in (("references", REFERENCES), ("hypotheses", HYPOTHESES)):
        (tmp_path / file).write_text("\n".join(sentences) + "\n")
    case = ["--lowercase", "--chrf-lowercase"] if lowercase else []
    command = [sys.executable, "-m", "sacrebleu", "references", "-i", "hypotheses", "-m", name, "-w", "10", *case]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    theirs, ours = json.loads(done.stdout), metric(HYPOTHESES, REFERENCES, lowercase=lowercase)
    assert 20 < ours.value < 90
    assert ours.value == pytest.approx(theirs["score"], abs=1e-9)
    assert ours.signature == theirs["signature"]
