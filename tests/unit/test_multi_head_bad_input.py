"""Bad input to `MultiHeadAttention`: sizes, inputs, masks, modules that it cannot copy."""

import pytest
import torch
from attnbook import MultiHeadAttention
from torch import nn

PATHS = pytest.mark.parametrize("need_weights", [False, True], ids=["fused", "plain"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"num_heads": 3}, ValueError, "num_heads must divide embed_dim; got 3 heads for 8"),
        ({"num_kv_heads": 3}, ValueError, "num_kv_heads must divide num_heads; got 3 for 4 heads"),
        ({"num_kv_heads": 8}, ValueError, "num_kv_heads must divide num_heads; got 8 for 4 heads"),
        *(({name: 0}, ValueError, f"{name} must be 1 or more; got 0")
          for name in ("embed_dim", "num_heads", "num_kv_heads", "kdim", "vdim")),
        ({"kdim": -3}, ValueError, "kdim must be 1 or more; got -3"),
        ({"num_heads": 2.0}, TypeError, r"num_heads must be an integer, 1 or more; got 2\.0"),
        ({"embed_dim": "8"}, TypeError, "embed_dim must be an integer, 1 or more; got '8'"),
        *(({"dropout": p}, ValueError, f"dropout must lie between 0 and 1; got {p}")
          for p in (-0.1, 1.5, float("nan"))),
    ],
)  # fmt: skip
def test_bad_sizes(options, error, message):
    with pytest.raises(error, match=message):
        MultiHeadAttention(**{"embed_dim": 8, "num_heads": 4, **options})


QUERY, KEY, VALUE = torch.randn(2, 3, 8), torch.randn(2, 5, 6), torch.randn(2, 5, 5)


@PATHS
@pytest.mark.parametrize(
    ("qkv", "error", "message"),
    [
        ((QUERY[..., :7], KEY, VALUE), ValueError, r"query must have 8 features; got \(2, 3, 7\)"),
        ((QUERY, VALUE, VALUE), ValueError, r"key must have 6 features; got \(2, 5, 5\)"),
        ((QUERY, KEY), ValueError, r"value must have 5 features; got \(2, 5, 6\)"),
        ((QUERY,), ValueError, r"key must have 6 features; got \(2, 3, 8\)"),
        (
            (QUERY[0], KEY, VALUE),
            ValueError,
            r"must be \(B, L, features\); got \(3, 8\), \(2, 5, 6\), \(2, 5, 5\)",
        ),
        ((QUERY[None], KEY, VALUE), ValueError, r"must be \(B, L, features\); got \(1, 2, 3, 8\)"),
        ((QUERY, KEY, VALUE[:, :4]), ValueError, "key and value must have the same length Lk"),
        ((QUERY, KEY, VALUE[:, :1]), ValueError, "key and value must have the same length Lk"),
        (
            (QUERY, KEY.repeat(3, 1, 1), VALUE),
            ValueError,
            "leading sizes of query, key and value must broadcast",
        ),
        ((QUERY.double(), KEY, VALUE), TypeError, r"query must be torch\.float32.*got torch\.float64"),
        ((QUERY, KEY, VALUE.long()), TypeError, r"value must be torch\.float32.*got torch\.int64"),
        ((QUERY, KEY.tolist(), VALUE), TypeError, "must be tensors; got Tensor, list, Tensor"),
        ((None, KEY, VALUE), TypeError, "must be tensors; got NoneType, Tensor, Tensor"),
        ((QUERY.to("meta"), KEY, VALUE), ValueError, "query must be on cpu; got meta"),
    ],
)
def test_bad_inputs(qkv, error, message, need_weights):
    with pytest.raises(error, match=message):
        MultiHeadAttention(8, 4, kdim=6, vdim=5)(*qkv, need_weights=need_weights)


@PATHS
@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (torch.ones(3, 5), TypeError, r"mask must be a bool tensor.*got torch\.float32"),
        (torch.ones(2, 3, 5).int(), TypeError, r"mask must be a bool tensor.*got torch\.int32"),
        ([[True]], TypeError, "mask must be a bool tensor.*got list"),
        (
            torch.ones(3, 4).bool(),
            ValueError,
            r"mask must broadcast to the scores \(2, 4, 3, 5\); got \(3, 4\)",
        ),
        (torch.ones(3, 3, 5).bool(), ValueError, r"scores \(2, 4, 3, 5\); got \(3, 1, 3, 5\)"),
        (torch.ones(2, 3, 3, 5).bool(), ValueError, r"scores \(2, 4, 3, 5\); got \(2, 3, 3, 5\)"),
        (torch.ones(1, 2, 4, 3, 5).bool(), ValueError, r"scores \(2, 4, 3, 5\); got \(1, 2, 4, 3, 5\)"),
    ],
)
def test_bad_masks(mask, error, message, need_weights):
    with pytest.raises(error, match=message):
        MultiHeadAttention(8, 4, kdim=6, vdim=5)(QUERY, KEY, VALUE, mask, need_weights=need_weights)


def test_from_torch_refuses_what_it_cannot_copy():
    with pytest.raises(TypeError, match=r"expected a torch\.nn\.MultiheadAttention; got Linear"):
        MultiHeadAttention.from_torch(nn.Linear(2, 2))
    for option in ("add_bias_kv", "add_zero_attn"):
        with pytest.raises(ValueError, match=option):
            MultiHeadAttention.from_torch(nn.MultiheadAttention(8, 4, **{option: True}))
