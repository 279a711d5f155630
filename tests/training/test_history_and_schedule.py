"""`History` and `create_schedule`."""

import math

import pytest
import torch
from attnbook.training import History, create_schedule


def test_a_history_is_read_back_exactly(tmp_path):
    history = History([{"epoch": 1, "loss": 1 / 3, "bleu": math.inf}, {"epoch": 2, "loss": 1e-300, "bleu": 0.1 + 0.2}])
    history.save(tmp_path / "history.jsonl")
    again = History.load(tmp_path / "history.jsonl")
    assert again == history and isinstance(again, History)
    assert len((tmp_path / "history.jsonl").read_text().splitlines()) == 2
    assert again.values("loss") == [1 / 3, 1e-300]


def test_what_a_history_refuses(tmp_path):
    (tmp_path / "list.jsonl").write_text("[1, 2]\n")
    with pytest.raises(ValueError, match="each line must be a JSON object"):
        History.load(tmp_path / "list.jsonl")
    with pytest.raises(ValueError, match="nothing named 'bleu' was recorded; there are: epoch, loss"):
        History([{"epoch": 1, "loss": 2.0}]).values("bleu")
    with pytest.raises(ValueError, match="better must be one of higher, lower; got 'more'"):
        History().best("loss", "more")


@pytest.mark.parametrize(
    ("values", "highest", "lowest"),
    [
        ([1, 3, 2], 1, 0),
        ([2, 2, 1, 1], 0, 2),
        ([math.nan, 1, math.nan], 1, 1),
        ([math.nan], None, None),
        ([], *[None] * 2),
    ],
)
def test_the_best_is_the_first_of_equals_and_never_nan(values, highest, lowest):
    history = History([{"score": value} for value in values])
    assert (history.best("score"), history.best("score", "lower")) == (highest, lowest)


def rates(name, count, learning_rate=2.0, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=learning_rate, momentum=0.5)
    schedule = create_schedule(name, **options)(optimizer)
    found = []
    for _ in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["momentum"] == 0.5
    return found


def test_the_rates_of_each_schedule():
    assert rates("constant", 3) == [2.0] * 3
    assert rates("constant", 6, warmup=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])
    assert rates("linear", 6, steps=4) == pytest.approx([2.0, 1.5, 1.0, 0.5, 0.0, 0.0])
    assert rates("linear", 6, steps=6, warmup=2) == pytest.approx([1.0, 2.0, 2.0, 1.5, 1.0, 0.5])
    cycle = rates("one_cycle", 20, steps=20, warmup=5)
    assert cycle.index(max(cycle)) == 4 and max(cycle) == pytest.approx(2.0)
    assert cycle[:5] == sorted(cycle[:5]) and cycle[4:] == sorted(cycle[4:], reverse=True) and cycle[-1] < 1e-3
    whole = rates("one_cycle", 20, steps=20)
    assert whole.index(max(whole)) == 5


@pytest.mark.parametrize("warmup", [1, 7, 50])
def test_the_inverse_square_root_is_that_of_the_paper(warmup):
    size = 16
    paper = [size**-0.5 * min(n**-0.5, n * warmup**-1.5) for n in range(1, 100)]
    found = rates("inverse_square_root", 99, learning_rate=(size * warmup) ** -0.5, warmup=warmup)
    assert found == pytest.approx(paper)


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        (
            "cosine",
            {},
            ValueError,
            "unknown schedule 'cosine'; allowed: constant, linear, inverse_square_root, one_cycle",
        ),
        ("linear", {}, ValueError, "'linear' needs steps"),
        ("one_cycle", {"warmup": 3}, ValueError, "'one_cycle' needs steps"),
        ("linear", {"steps": 4, "warmup": 4}, ValueError, "shorter than the 4 steps in all; got 4"),
        ("one_cycle", {"steps": 0}, ValueError, "steps must be 1 or more; got 0"),
        ("inverse_square_root", {}, ValueError, "warmup must be 1 or more; got 0"),
        ("constant", {"warmup": -1}, ValueError, "warmup must be 0 or more; got -1"),
        ("constant", {"warmup": 0.5}, TypeError, "warmup must be an integer"),
    ],
)
def test_schedules_that_are_refused(name, options, error, message):
    with pytest.raises(error, match=message):
        create_schedule(name, **options)


@pytest.mark.parametrize("warmup", [0, 1, 2, 9])
@pytest.mark.parametrize("steps", [10, 40])
def test_one_cycle_ends_where_it_should_for_any_warm_up(warmup, steps):
    found = rates("one_cycle", steps, steps=steps, warmup=warmup)
    assert found[-1] < 0.01 * max(found) and len(found) == steps
    assert found.index(max(found)) <= max(1, warmup, 0.3 * steps * (not warmup))
