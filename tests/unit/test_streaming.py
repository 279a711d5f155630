"""`streaming_attend`: the numbers and gradients of `attend`, whatever the blocks; linear memory."""

import pytest
import torch
from attnbook import attend, streaming_attend
from cases import DTYPES, TOLERANCE, attention_cases, make_qkv
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode


@given(case=attention_cases(), block_size=st.integers(1, 8))
def test_equals_attend_whatever_the_blocks(case, block_size):
    inputs = [tensor.requires_grad_() for tensor in case[:3]]
    streamed, weights = streaming_attend(*inputs, case.mask, is_causal=case.is_causal, block_size=block_size)
    plain = attend(*inputs, case.mask, is_causal=case.is_causal, need_weights=True).output
    assert weights is None
    torch.testing.assert_close(streamed, plain, atol=1e-12, rtol=0)
    direction = torch.randn_like(plain)
    ours, theirs = (torch.autograd.grad(output, inputs, direction) for output in (streamed, plain))
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


@pytest.mark.parametrize("block_size", [1, 2, 3, 7])
@pytest.mark.parametrize("kind", ["everything", "causal", "masked", "masked and causal"])
def test_gradients_are_exact(block_size, kind):
    inputs = make_qkv(3, 5, requires_grad=True)
    mask = torch.tensor([[True, False, True, True, False], [False] * 5, [True] * 5]) if "mask" in kind else None

    def compute(*qkv):
        return streaming_attend(*qkv, mask, is_causal="causal" in kind, block_size=block_size).output

    assert torch.autograd.gradcheck(compute, inputs)


def test_gradients_are_exact_where_leading_sizes_broadcast():
    query, _, _ = make_qkv(leading=(), requires_grad=True)
    _, key, _ = make_qkv(leading=(2,), requires_grad=True)
    _, _, value = make_qkv(leading=(1,), requires_grad=True)
    assert torch.autograd.gradcheck(lambda *qkv: streaming_attend(*qkv, block_size=2).output, (query, key, value))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block_size", [2, 64])
def test_a_fully_masked_row_gives_zeros_and_finite_gradients(dtype, block_size):
    inputs = make_qkv(4, 5, dtype=dtype, requires_grad=True)
    mask = torch.rand(4, 5) < 0.7
    mask[1] = False
    output = streaming_attend(*inputs, mask, block_size=block_size).output
    assert output.dtype == dtype
    assert (output[:, 1] == 0).all()
    assert (output[:, 0] != 0).any()
    output.float().pow(2).sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in inputs)
    assert all(tensor.grad.dtype == dtype for tensor in inputs)
    assert (inputs[0].grad[:, 1] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_half_precision_is_summed_in_float32(dtype):
    inputs = make_qkv(4, 3000, dtype=dtype)
    expected = attend(*(tensor.double() for tensor in inputs)).output
    output = streaming_attend(*inputs, block_size=17).output
    tolerance = 1e-3 if dtype.itemsize == 2 else TOLERANCE[dtype]
    torch.testing.assert_close(output.double(), expected, atol=tolerance, rtol=tolerance)


def test_no_key_gives_zeros_and_no_query_or_no_batch_an_empty_result():
    query, key, value = make_qkv(requires_grad=True)
    for is_causal in (False, True):
        no_key = streaming_attend(query, key[:, :0], value[:, :0], is_causal=is_causal).output
        assert no_key.shape == (2, 3, 6)
        assert (no_key == 0).all()
        no_key.sum().backward()
        assert streaming_attend(query[:, :0], key, value, is_causal=is_causal).output.shape == (2, 0, 6)
        assert streaming_attend(query[:0], key[:0], value[:0], is_causal=is_causal).output.shape == (0, 3, 6)


@pytest.mark.parametrize("size", [1e3, 1e10])
def test_scores_of_any_size_do_not_overflow(size):
    inputs = [tensor * size for tensor in make_qkv(4, 40)]
    output = streaming_attend(*inputs, block_size=3).output
    torch.testing.assert_close(output, attend(*inputs).output, atol=0, rtol=1e-12)


def test_only_the_last_key_is_allowed():
    query, key, value = make_qkv(3, 9)
    mask = torch.arange(9) == 8
    output = streaming_attend(query, key, value, mask, block_size=2).output
    torch.testing.assert_close(output, value[:, 8:].expand_as(output), atol=0, rtol=0)


def test_keys_and_values_that_nobody_may_see_have_no_influence():
    query, key, value = make_qkv()
    mask = torch.tensor([True, False, True, True, False])
    before = streaming_attend(query, key, value, mask, block_size=2).output
    changed = [tensor.masked_fill(~mask[:, None], 1e6) for tensor in (key, value)]
    assert torch.equal(streaming_attend(query, *changed, mask, block_size=2).output, before)


class LargestTensor(TorchDispatchMode):
    """Remembers the number of elements of the largest tensor that any operation gave."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.numel())
        return result


def test_no_tensor_grows_with_the_square_of_the_length():
    inputs = make_qkv(512, 512, leading=(1,), size=4, requires_grad=True)
    with LargestTensor() as seen:
        streaming_attend(*inputs, is_causal=True, block_size=16).output.sum().backward()
    assert seen.elements <= 512 * 16
    with LargestTensor() as seen:
        attend(*inputs, need_weights=True)
    assert seen.elements >= 512 * 512
