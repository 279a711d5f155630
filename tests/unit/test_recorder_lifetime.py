"""Opening and closing recordings: nested, in generators, in threads, after errors; nothing stays behind."""

import threading
from collections.abc import Iterator

import pytest
import torch
from attnbook.recorder import AttentionMaps, NothingRecorded, record_attention
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack


class Block(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(x, x, x)


class CountingMode(TorchFunctionMode):
    """Somebody else's mode."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


X = torch.randn(2, 5, 8)


@pytest.fixture(autouse=True)
def check_nothing_is_left() -> Iterator[None]:
    """After each test the machinery of torch is what it was before."""
    import torch._dynamo.eval_frame as compiler

    hidden = F.scaled_dot_product_attention, F.multi_head_attention_forward, F.softmax, nn.Module.__call__
    yield
    assert _get_current_function_mode_stack() == []
    assert torch.backends.mha.get_fastpath_enabled()
    assert compiler._stance.stance == "default"
    assert hidden == (
        F.scaled_dot_product_attention,
        F.multi_head_attention_forward,
        F.softmax,
        nn.Module.__call__,
    )


def hooks(model: nn.Module) -> list[object]:
    kinds = "_forward_hooks", "_forward_pre_hooks", "_backward_hooks"
    return [hook for module in model.modules() for kind in kinds for hook in getattr(module, kind).values()]


def test_the_model_is_not_touched():
    model = nn.Sequential(Block(), Block())
    before = {name: dict(vars(module)) for name, module in model.named_modules()}
    with record_attention(model):
        model(X)
        assert {name: dict(vars(module)) for name, module in model.named_modules()} == before
        assert hooks(model) == []


def test_after_an_error():
    model = Block()
    with pytest.raises(KeyError, match="own"), record_attention(model):
        model(X)
        raise KeyError("own")
    with pytest.raises(RuntimeError), record_attention(model):
        model(torch.zeros(2, 3, dtype=torch.long))
    with record_attention(model) as maps:
        model(X)
    assert len(maps) == 1


def test_an_error_of_one_call_does_not_shift_the_names():
    model = nn.Sequential(Block(), nn.Linear(3, 3), Block())
    with record_attention(model) as maps:
        with pytest.raises(RuntimeError):
            model(X)
        model[2](X)
    assert list(maps) == ["0", "2"]


def test_nested_recordings_have_each_their_own_maps():
    model, other = nn.Sequential(Block(), Block()), Block()
    with record_attention(model) as outer:
        model(X)
        with record_attention(model) as inner, record_attention(other) as foreign:
            model(X)
            other(X)
    assert [len(outer.calls(name)) for name in outer] == [2, 2]
    assert torch.equal(inner["0"], outer.calls("0")[1])
    assert list(foreign) == ["Block"]


def test_an_inner_recording_without_attention_does_not_end_the_outer():
    model = Block()
    with record_attention(model) as outer:
        with pytest.raises(NothingRecorded), record_attention(model):
            pass
        model(X)
    assert len(outer) == 1


def recording(model: nn.Module) -> Iterator[AttentionMaps]:
    with record_attention(model) as maps:
        yield maps
        yield maps


def test_generators_may_end_in_any_order():
    first_model, second_model = Block(), Block()
    first, second = recording(first_model), recording(second_model)
    first_maps, second_maps = next(first), next(second)
    first_model(X)
    first.close()
    first_model(X)
    second_model(X)
    second.close()
    assert len(first_maps.calls("Block")) == len(second_maps.calls("Block")) == 1


def test_a_mode_of_others_opened_inside_survives():
    model, counting = Block(), CountingMode()
    generator = recording(model)
    maps = next(generator)
    with counting:
        model(X)
        generator.close()
        seen = counting.calls
        model(X)
        assert counting.calls > seen
        assert _get_current_function_mode_stack() == [counting]
    assert len(maps.calls("Block")) == 1


def test_a_mode_of_others_around_still_sees_the_calls():
    with CountingMode() as counting, record_attention(None):
        before = counting.calls
        F.scaled_dot_product_attention(X, X, X)
        assert counting.calls > before


def test_a_thread_records_only_its_own_calls():
    model = Block()
    with record_attention(model) as maps:
        thread = threading.Thread(target=model, args=(X,))
        thread.start()
        thread.join()
        assert len(maps) == 0
        model(X)
    assert len(maps.calls("Block")) == 1


def test_two_threads_may_record_one_model():
    model = nn.Sequential(Block(), Block())
    barrier = threading.Barrier(2)
    results = {}

    def work(length: int) -> None:
        torch.set_num_threads(1)
        with record_attention(model) as maps:
            for _ in range(20):
                barrier.wait()
                model(torch.randn(1, length, 4))
        results[length] = [tuple(weights.shape) for name in maps for weights in maps.calls(name)]

    threads = [threading.Thread(target=work, args=(length,)) for length in (3, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {3: [(1, 3, 3)] * 40, 6: [(1, 6, 6)] * 40}


def test_a_recording_must_end_in_its_own_thread():
    model = Block()
    generator = recording(model)
    maps = next(generator)
    model(X)
    errors = []

    def finish() -> None:
        try:
            list(generator)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=finish)
    thread.start()
    thread.join()
    assert errors == ["a recording must end in the thread that began it"]
    model(X)
    assert len(maps.calls("Block")) == 1
    with record_attention(model):  # the next recording of this thread clears up
        model(X)


def test_weights_that_nobody_kept_are_freed():
    import weakref

    kept = []
    with record_attention(None) as maps:
        for _ in range(3):
            weights = torch.randn(2, 4, 4).softmax(-1)
            kept.append(weakref.ref(weights))
            del weights
        assert [reference() for reference in kept] == [None] * 3
        F.scaled_dot_product_attention(X, X, X)
    assert len(maps) == 1
