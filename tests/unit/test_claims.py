"""`claim` and `seed_and_device`: what is printed, raised and recorded."""

import json
import random

import numpy as np
import pytest
import torch
from attnbook import claim, seed_and_device


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("ATTNBOOK_CLAIMS", "ATTNBOOK_SEED", "ATTNBOOK_DEVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A function that returns the recorded lines."""
    file = tmp_path / "claims.jsonl"
    monkeypatch.setenv("ATTNBOOK_CLAIMS", str(file))
    return lambda: [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


HOLDS = [
    (0.97, {"at_least": 0.95}, "at least 0.95"),
    (0.95, {"at_least": 0.95}, "at least 0.95"),
    (3, {"at_most": 3}, "at most 3"),
    (0.5, {"at_least": 0.4, "at_most": 0.6}, "at least 0.4, at most 0.6"),
    (4, {"equals": 4}, "equals 4"),
    ((2, 3), {"equals": (2, 3)}, "equals (2, 3)"),
    (torch.zeros(2, 3).shape, {"equals": (2, 3)}, "equals (2, 3)"),
    ("cat", {"equals": "cat"}, "equals cat"),
    (0, {"equals": 0}, "equals 0"),
    (False, {"equals": False}, "equals False"),
    (1.01, {"equals": 1.0, "within": 0.02}, "equals 1 within 0.02"),
    (torch.tensor([0.97]), {"at_least": 0.95}, "at least 0.95"),
    (torch.tensor(True), {"equals": True}, "equals True"),
    (np.float32(0.97), {"at_least": 0.95}, "at least 0.95"),
]
FAILS = [
    (0.94, {"at_least": 0.95}, "0.94"),
    (3.1, {"at_most": 3}, "3.1"),
    (0.7, {"at_least": 0.4, "at_most": 0.6}, "0.7"),
    (0.3, {"at_least": 0.4, "at_most": 0.6}, "0.3"),
    (5, {"equals": 4}, "5"),
    (1.03, {"equals": 1.0, "within": 0.02}, "1.03"),
    (0.97, {"equals": 1.0, "within": 0.02}, "0.97"),
    (float("nan"), {"at_least": 0.0}, "nan"),
    (float("nan"), {"at_most": 0.0}, "nan"),
    (float("nan"), {"equals": 0.0, "within": 9.0}, "nan"),
]


@pytest.mark.parametrize(("measured", "band", "shown"), HOLDS)
def test_what_holds_is_printed_with_its_band_and_without_the_measurement(measured, band, shown, capsys):
    assert claim("Masked keys get nothing", measured, **band) is None
    assert capsys.readouterr().out == f"✓ Masked keys get nothing ({shown})\n"


@pytest.mark.parametrize(("measured", "band", "shown"), FAILS)
def test_what_does_not_hold_is_raised_with_the_measurement(measured, band, shown, capsys):
    with pytest.raises(AssertionError, match=rf"✗ It is so \(.*\): measured {shown}"):
        claim("It is so", measured, **band)
    assert "✓" not in capsys.readouterr().out


def test_what_is_recorded(record, monkeypatch, capsys):
    monkeypatch.setenv("ATTNBOOK_SEED", "3")
    monkeypatch.setenv("ATTNBOOK_DEVICE", "cpu")
    claim("注意 attends", 0.5, at_least=0.4)
    claim("It is not so", torch.tensor(0.5), at_most=0.25)  # recorded, not raised
    common = {"seed": 3, "device": "cpu"}
    assert record() == [
        {"text": "注意 attends", "measured": 0.5, "band": "at least 0.4", "held": True, **common},
        {"text": "It is not so", "measured": 0.5, "band": "at most 0.25", "held": False, **common},
    ]
    assert capsys.readouterr().out.splitlines() == [
        "✓ 注意 attends (at least 0.4)",
        "✗ It is not so (at most 0.25)",
    ]


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), np.array([0.5]), torch.tensor([0.5])])
def test_numbers_of_numpy_and_torch_are_recorded_as_numbers(number, record):
    claim("It is so", number, equals=0.5)
    assert record()[0]["measured"] == 0.5
    claim("It is so", np.int64(3), equals=3)
    assert record()[1]["measured"] == 3


@pytest.mark.parametrize(
    ("measured", "band", "message"),
    [
        (1.0, {}, "can never fail: give at_least, at_most or equals"),
        (1.0, {"within": 0.1}, "can never fail"),
        (1.0, {"at_least": 0.0, "within": 0.1}, "within needs equals"),
        (torch.ones(2), {"at_least": 0.0}, r"measured must be one number; got shape \(2,\)"),
        (np.ones((2, 3)), {"equals": 1.0}, r"measured must be one number; got shape \(2, 3\)"),
        (torch.ones(0), {"at_least": 0.0}, r"measured must be one number; got shape \(0,\)"),
    ],
)
def test_claims_that_cannot_be_checked(measured, band, message):
    with pytest.raises(ValueError, match=f"claim 'It is so'.*{message}"):
        claim("It is so", measured, **band)


def test_the_seed_comes_from_the_environment_and_seeds_everything(monkeypatch):
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()

    assert seed_and_device()[0] == 0
    default = draw()
    monkeypatch.setenv("ATTNBOOK_SEED", "7")
    assert seed_and_device()[0] == 7
    other = draw()
    assert all(one != two for one, two in zip(default, other, strict=True))
    seed_and_device()
    assert draw() == other


def test_the_device_comes_from_the_environment(monkeypatch):
    assert seed_and_device()[1] == torch.device("cuda" if torch.cuda.is_available() else "cpu")
    monkeypatch.setenv("ATTNBOOK_DEVICE", "meta")
    assert seed_and_device()[1] == torch.device("meta")


@pytest.mark.parametrize(
    ("name", "wrong", "message"),
    [
        ("ATTNBOOK_SEED", "one", "ATTNBOOK_SEED must be an integer; got 'one'"),
        ("ATTNBOOK_SEED", "1.5", r"ATTNBOOK_SEED must be an integer; got '1\.5'"),
        ("ATTNBOOK_DEVICE", "abacus", "ATTNBOOK_DEVICE must be a device of torch, .*; got 'abacus'"),
    ],
)
def test_an_environment_that_makes_no_sense(name, wrong, message, monkeypatch):
    monkeypatch.setenv(name, wrong)
    with pytest.raises(ValueError, match=message):
        seed_and_device()
