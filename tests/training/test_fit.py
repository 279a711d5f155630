"""`fit`: it learns, follows the right gradient, stops when it should, and says what it refuses."""

import io
import math
import sys

import pytest
import torch
from attnbook.training import History, create_schedule, fit
from small_task import ROWS, Batch, Tagger, accuracy, batches, build, loss, without_time
from torch import nn


def run(model=None, optimizer=None, **options):
    if model is None:
        model, optimizer = build()
    settings = {"epochs": 2, "seed": 0, "progress": False, **options}
    return model, fit(model, settings.pop("batches", batches), loss, optimizer=optimizer, **settings)


@pytest.mark.parametrize(
    ("precision", "schedule"),
    [("no", None), ("bf16", None), ("no", create_schedule("inverse_square_root", warmup=10))],
)
def test_it_learns_and_records_what_it_did(precision, schedule):
    model, history = run(epochs=25, precision=precision, schedule=schedule, evaluate=accuracy)
    assert history.values("epoch") == list(range(1, 26))
    assert history.values("step") == [len(ROWS) * epoch for epoch in range(1, 26)]
    assert history[0]["count"] == sum((batch.tags >= 0).sum().item() for batch in batches(1))
    assert all(seconds > 0 for seconds in history.values("seconds"))
    assert history[-1]["loss"] < 0.3 < 1.5 < history[0]["loss"]
    assert history[-1]["accuracy"] == accuracy(model)["accuracy"] == 1.0
    assert not model.training
    assert set(vars(model)) == set(vars(Tagger()))  # nothing of accelerate's is left on it


def test_each_precision_of_one_process_is_its_own():
    weights = []
    for precision in ("no", "bf16", "no"):
        model, optimizer = build()
        inside = []
        model.output.register_forward_hook(lambda module, inputs, output, inside=inside: inside.append(output.dtype))
        run(model, optimizer, precision=precision)
        assert set(inside) == {torch.bfloat16 if precision == "bf16" else torch.float32}
        weights.append(model.output.weight)
    assert torch.equal(weights[0], weights[2]) and not torch.equal(weights[0], weights[1])


def test_a_second_run_on_the_same_model_has_its_own_precision():
    model, optimizer = build()
    inside = []
    model.output.register_forward_hook(lambda module, inputs, output: inside.append(output.dtype))
    run(model, optimizer, epochs=1)
    run(model, optimizer, epochs=1, precision="bf16")
    assert inside == [torch.float32] * len(ROWS) + [torch.bfloat16] * len(ROWS)


def joined(epoch, size=2):
    """Every two batches as one."""
    parts = batches(epoch)
    return [
        Batch(*(torch.cat(tensors) for tensors in zip(*parts[start : start + size], strict=True)))
        for start in range(0, len(parts), size)
    ]


@pytest.mark.parametrize("size", [2, 4])  # 4 leaves a shorter group at the end
def test_accumulated_batches_equal_one_large_batch(size):
    weights, losses = [], []
    for source, accumulate in ((batches, size), (lambda epoch: joined(epoch, size), 1)):
        model = build()[0]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        _, history = run(model, optimizer, batches=source, accumulate=accumulate, clip=0.5)
        weights.append(nn.utils.parameters_to_vector(model.parameters()))
        losses.append(history.values("loss"))
        assert history[-1]["step"] == 2 * math.ceil(len(ROWS) / size)
    torch.testing.assert_close(weights[0], weights[1], atol=1e-6, rtol=0)
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)


@pytest.mark.parametrize("clip", [None, 0.1, 100.0])
def test_one_update_is_the_gradient_of_the_mean_clipped(clip):
    model = build()[0]
    start = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    batch = batches(1)[0]
    total, count = loss(model, batch)
    gradient = torch.cat([part.flatten() for part in torch.autograd.grad(total / count, list(model.parameters()))])
    if clip is not None:
        gradient = gradient * min(1.0, clip / gradient.norm())
    run(model, torch.optim.SGD(model.parameters(), lr=0.5), batches=lambda epoch: [batch], epochs=1, clip=clip)
    moved = nn.utils.parameters_to_vector(model.parameters()).detach() - start
    torch.testing.assert_close(moved, -0.5 * gradient, atol=1e-6, rtol=0)


def scores(*values):
    """An evaluation that returns these numbers in turn, and remembers the weights it saw."""
    left, seen = list(values), []

    def evaluate(model):
        assert not model.training and not torch.is_grad_enabled()
        seen.append(model.output.weight.clone())
        return {"score": left.pop(0)}

    return evaluate, seen


@pytest.mark.parametrize(
    ("values", "better", "patience", "epochs", "best"),
    [
        ([1, 3, 2, 2, 9], "higher", 2, 4, 1),
        ([3, 1, 2, 0, 1], "lower", 2, 5, 3),
        ([1, 1, 1, 1, 1], "higher", 2, 3, 0),  # an equal is not better
        ([math.nan, 1, math.nan, 2, 1], "higher", 2, 5, 3),
        ([1, 5, 2, 2, 2], "higher", None, 5, 1),
    ],
)
def test_early_stopping_and_the_best_weights(values, better, patience, epochs, best):
    evaluate, seen = scores(*values)
    model, history = run(epochs=5, evaluate=evaluate, best="score", better=better, patience=patience)
    assert len(history) == epochs
    assert history.best("score", better) == best
    assert torch.equal(model.output.weight, seen[best])


def test_nothing_but_not_a_number_stops_too():
    evaluate, seen = scores(math.nan, math.nan, math.nan)
    model, history = run(epochs=3, evaluate=evaluate, best="score", patience=2)
    assert len(history) == 2 and torch.equal(model.output.weight, seen[-1])


def test_where_no_epoch_is_best_the_mean_of_the_last_is_kept():
    evaluate, seen = scores(math.nan, math.nan)
    model, _ = run(average=0.9, evaluate=evaluate, best="score")
    assert torch.equal(model.output.weight, seen[-1])


@pytest.mark.parametrize("precision", ["no", "bf16"])
@pytest.mark.parametrize("best", [None, "norm"])
def test_a_running_mean_of_the_weights_is_evaluated_and_kept(best, precision):
    model, optimizer = build()
    walked, means = [], []
    optimizer.register_step_post_hook(lambda *_: walked.append(model.output.weight.detach().clone()))

    def norm(evaluated):
        means.append(evaluated.output.weight.detach().clone())
        return {"norm": evaluated.output.weight.norm()}

    _, history = run(model, optimizer, epochs=3, average=0.9, evaluate=norm, best=best, precision=precision)
    expected = []
    for number, weights in enumerate(walked):
        expected.append(weights if not number else 0.9 * expected[-1] + 0.1 * weights)
    torch.testing.assert_close(means, expected[len(ROWS) - 1 :: len(ROWS)])
    kept = -1 if best is None else history.best("norm")
    assert torch.equal(model.output.weight, means[kept])
    assert not torch.equal(walked[-1], means[-1])


def test_the_seed_decides():
    def weights(seed):
        return run(*build(dropout=0.5), seed=seed)[0].output.weight

    assert torch.equal(weights(1), weights(1)) and not torch.equal(weights(1), weights(2))
    assert torch.isfinite(weights(2**40)).all()


def test_the_schedule_moves_once_an_update():
    _, history = run(epochs=3, accumulate=2, schedule=create_schedule("linear", steps=9, warmup=1))
    # after three updates an epoch, the last of them at 7/8, 4/8 and 1/8 of the way down
    assert history.values("learning_rate") == pytest.approx([0.03 * left / 8 for left in (7, 4, 1)])


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_shown_on_a_terminal_only(monkeypatch, capsys):
    run(progress=True)
    assert capsys.readouterr() == ("", "")
    for progress in (True, False):
        monkeypatch.setattr(sys, "stderr", Terminal())
        run(progress=progress)
        assert ("epoch 2" in sys.stderr.getvalue()) == progress


ANOTHER = torch.optim.SGD(Tagger().parameters(), lr=0.1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be 1 or more; got 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer, 1 or more; got 1.5"),
        ({"accumulate": 0}, ValueError, "accumulate must be 1 or more"),
        ({"seed": -1}, ValueError, "seed must be 0 or more"),
        ({"patience": 0, "best": "loss"}, ValueError, "patience must be 1 or more"),
        ({"patience": 3}, ValueError, "patience needs best"),
        ({"best": "bleu"}, ValueError, "best='bleu' needs evaluate; without it epochs have epoch, step, loss"),
        ({"save_every": 3}, ValueError, "save_every needs a folder"),
        ({"average": 1.0}, ValueError, "average must lie between 0 and 1, or be None .*; got 1.0"),
        ({"clip": 0.0}, ValueError, "clip must be above 0, or None .*; got 0.0"),
        ({"better": "more"}, ValueError, "better must be one of higher, lower; got 'more'"),
        ({"precision": "half"}, ValueError, "precision must be one of no, bf16, fp16; got 'half'"),
        ({"precision": "fp16"}, ValueError, "'fp16' needs a GPU"),
        ({"optimizer": ANOTHER}, ValueError, "parameters that are not the model's"),
        ({"batches": lambda epoch: []}, ValueError, r"batches\(1\) gave no batch"),
        ({"best": "bleu", "evaluate": accuracy}, ValueError, "nothing named 'bleu'.*there are: .*accuracy"),
        ({"evaluate": lambda model: {"loss": 1.0}}, ValueError, "evaluate returned loss, which fit records itself"),
        ({"evaluate": lambda model: {"score": "high"}}, TypeError, "evaluate must return numbers by name; got .*high"),
        ({"identity": {"vocabulary": {1, 2}}}, TypeError, "set is not JSON serializable"),
    ],
)
def test_what_it_refuses(options, error, message):
    model, optimizer = build()
    with pytest.raises(error, match=message):
        run(model, options.pop("optimizer", optimizer), **options)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_before_the_weights_are_harmed(value):
    model, optimizer = build()
    before = model.output.weight.clone()
    with pytest.raises(FloatingPointError, match=f"update 1: the loss is {value}"):
        fit(model, batches, lambda *_: (model.output.bias.sum() * value, 1), optimizer=optimizer, epochs=1, seed=0)
    assert torch.equal(model.output.weight, before)


def test_batches_in_which_nothing_counts_are_refused():
    nothing = Batch(torch.zeros(2, 3, dtype=torch.long), torch.full((2, 3), -100))
    with pytest.raises(FloatingPointError, match="over a count of 0"):
        run(batches=lambda epoch: [nothing])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_half_precision_on_a_gpu_resumes_with_its_loss_scale(tmp_path):
    def train(folder, epochs):
        model, _ = build()
        optimizer = torch.optim.Adam(model.cuda().parameters(), lr=0.03)
        run(model, optimizer, epochs=epochs, precision="fp16", folder=folder)
        return model.output.weight

    train(tmp_path, 2)
    assert torch.equal(train(tmp_path, 6), train(None, 6))


def test_the_history_of_a_run_is_equal_to_that_of_the_same_run():
    assert without_time(run()[1]) == without_time(run()[1])
    assert isinstance(run()[1], History)
