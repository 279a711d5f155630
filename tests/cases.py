"""Inputs and helpers for the tests of attention."""

from typing import NamedTuple

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 1e-2, torch.float16: 1e-2}


def make_qkv(
    query_length: int = 3,
    key_length: int = 5,
    *,
    leading: tuple[int, ...] = (2,),
    size: int = 4,
    value_size: int = 6,
    dtype: torch.dtype = torch.float64,
    requires_grad: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Random query, key and value."""
    shapes = (query_length, size), (key_length, size), (key_length, value_size)
    return tuple(
        torch.randn(*leading, *shape).to(dtype).requires_grad_(requires_grad)  # drawn in float32, then rounded
        for shape in shapes
    )


def randomise(module: nn.Module) -> nn.Module:
    """Fill every parameter and buffer: zero biases and unit scales hide what is wrong."""
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.normal_(0.0, 0.5)
    return module


class Case(NamedTuple):
    """One attention to compute."""

    query: Tensor
    key: Tensor
    value: Tensor
    mask: Tensor | None
    is_causal: bool

    @property
    def allowed(self) -> Tensor:
        """(..., Lq, Lk), True = may attend: mask and causal order in one, written out."""
        shape = torch.Size((*self.query.shape[:-1], self.key.shape[-2]))
        allowed = torch.ones(shape, dtype=torch.bool) if self.mask is None else self.mask.expand(shape)
        if self.is_causal:
            allowed = allowed.tril(shape[-1] - shape[-2])
        return allowed


@st.composite
def attention_cases(draw: st.DrawFn) -> Case:
    """Any leading sizes, lengths, mask shape (or none), causal or not; some rows may allow no key."""
    leading = draw(st.sampled_from([(), (2,), (2, 3), (1, 2)]))
    query_length, key_length = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    torch.manual_seed(draw(st.integers(0, 2**16)))
    query, key, value = make_qkv(query_length, key_length, leading=leading, size=draw(st.integers(1, 5)))
    scores = (*leading, query_length, key_length)
    alike = (*(1 for _ in leading), query_length, key_length)
    shapes = [
        (key_length,),
        (query_length, 1),
        (query_length, key_length),
        (*leading, 1, key_length),
        scores,
        alike,
    ]
    shape = draw(st.sampled_from([None, (), *shapes]))
    mask = None if shape is None else torch.rand(shape) < draw(st.sampled_from([0.2, 0.7, 1.1]))
    return Case(query, key, value, mask, draw(st.booleans()))
