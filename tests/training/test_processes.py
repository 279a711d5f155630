"""Two processes give the loss curve of one: each takes half the rows, words are weighed alike, whoever has them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from two_processes import run

SCRIPT = Path(__file__).with_name("two_processes.py")
LAUNCH = "-m accelerate.commands.launch --multi_gpu --num_processes 2 --num_machines 1 --mixed_precision no"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each of the two processes found."""
    folder = tmp_path_factory.mktemp("two")
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    ports = ["--dynamo_backend", "no", "--main_process_port", "0"]  # 0: any that is free
    command = [sys.executable, *LAUNCH.split(), *ports, str(SCRIPT), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"process_{number}.json").read_text()) for number in range(2)]


def test_there_were_two_and_both_have_the_same_weights(found):
    assert [one["processes"] for one in found] == [2, 2]
    assert found[0] == found[1]


@pytest.mark.parametrize(("name", "options"), [("plain", {}), ("accumulated", {"accumulate": 4})])
def test_two_give_the_curve_of_one(name, options, found):
    one, two = run(**options), found[0][name]
    assert two["loss"] == pytest.approx(one["loss"], abs=1e-5)
    assert two["weights"] == pytest.approx(one["weights"], abs=1e-4)
    assert (two["count"], two["step"]) == (one["count"], one["step"])
    assert two["accuracy"] == one["accuracy"]


def test_two_that_stop_go_on_bit_for_bit(found):
    assert found[0]["dropout resumed"] == found[0]["dropout"]
    assert found[0]["dropout"]["loss"] != found[0]["plain"]["loss"]
