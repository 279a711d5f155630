"""peak_memory counts what torch's allocator holds at once."""

import pytest
import torch
from attnbook.attention import attend
from attnbook.memory import peak_memory
from attnbook.streaming import streaming_attend


def held_together():
    tensors = [torch.zeros(1000) for _ in range(5)]
    return len(tensors)


def one_after_the_other():
    for _ in range(5):
        torch.zeros(1000)


def test_peak_counts_what_is_held_at_once():
    assert peak_memory(held_together) == pytest.approx(5 * 4000, abs=200)
    assert peak_memory(one_after_the_other) == pytest.approx(4000, abs=200)
    assert peak_memory(lambda: None) == 0


def test_streaming_memory_is_linear_and_plain_quadratic():
    def peaks(length):
        query = torch.randn(1, 1, length, 16)
        plain = peak_memory(lambda: attend(query, query, query, need_weights=True))
        return plain, peak_memory(lambda: streaming_attend(query, query, query, block_size=64))

    (plain_short, streaming_short), (plain_long, streaming_long) = peaks(512), peaks(2048)
    assert plain_long / plain_short == pytest.approx(16, rel=0.2)
    assert streaming_long / streaming_short == pytest.approx(4, rel=0.2)


def test_streaming_at_8192_needs_a_tenth_of_the_plain_path():
    query = torch.randn(1, 1, 8192, 64)
    plain = peak_memory(lambda: attend(query, query, query, need_weights=True))
    assert peak_memory(lambda: streaming_attend(query, query, query)) <= plain / 10


def test_unknown_device_is_refused():
    with pytest.raises(ValueError, match="device must be cpu or cuda; got meta"):
        peak_memory(lambda: None, "meta")
