"""Masks: each entry by its definition, combination, torch's inverse convention, bad input."""

import pytest
import torch
from attnbook import attend, causal_mask, combine_masks, padding_mask, to_torch_mha_mask, window_mask
from cases import make_qkv
from hypothesis import given
from hypothesis import strategies as st

LENGTHS = st.integers(0, 7)


@given(lengths=st.lists(LENGTHS, max_size=4), extra=LENGTHS)
def test_padding_allows_the_real_keys(lengths, extra):
    longest = max(lengths, default=0)
    tensor = torch.tensor(lengths, dtype=torch.long)
    assert torch.equal(padding_mask(tensor), padding_mask(tensor, longest))
    mask = padding_mask(tensor, longest + extra)
    assert mask.shape == (len(lengths), 1, longest + extra)
    assert mask.dtype == torch.bool
    for length, row in zip(lengths, mask[:, 0], strict=True):
        assert row.tolist() == [position < length for position in range(longest + extra)]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_padding_from_any_integer(dtype):
    mask = padding_mask(torch.tensor([100, 3], dtype=dtype), 300)  # 300 is beyond the two smallest dtypes
    assert mask.sum(-1).flatten().tolist() == [100, 3]


def test_padding_hides_the_padding_from_attention():
    query, key, value = make_qkv()
    padded = attend(query, key, value, padding_mask(torch.tensor([2, 5]))).output
    torch.testing.assert_close(padded[0], attend(query[0], key[0, :2], value[0, :2]).output)
    torch.testing.assert_close(padded[1], attend(query[1], key[1], value[1]).output)


@given(query_length=LENGTHS, key_length=LENGTHS)
def test_the_last_query_sees_every_key_and_each_earlier_one_a_key_less(query_length, key_length):
    mask = causal_mask(query_length, key_length)
    assert mask.shape == (query_length, key_length)
    for position in range(query_length):
        seen = max(key_length - (query_length - 1 - position), 0)
        assert mask[position].tolist() == [True] * seen + [False] * (key_length - seen)


def test_causal_order_of_a_sequence_with_itself():
    assert torch.equal(causal_mask(5), torch.ones(5, 5, dtype=torch.bool).tril())


@given(query_length=LENGTHS, key_length=LENGTHS, before=st.none() | LENGTHS, after=st.none() | LENGTHS)
def test_a_window_reaches_as_far_as_it_says(query_length, key_length, before, after):
    mask = window_mask(query_length, key_length, before=before, after=after)
    assert mask.shape == (query_length, key_length)
    for query in range(query_length):
        own = query + key_length - query_length
        for key in range(key_length):
            near = (before is None or own - key <= before) and (after is None or key - own <= after)
            assert mask[query, key].item() == near


def test_masks_are_made_where_they_are_wanted():
    assert causal_mask(2, device="meta").device.type == "meta"
    assert window_mask(2, before=1, after=1, device="meta").device.type == "meta"


@given(seed=st.integers(0, 999), count=st.integers(1, 4))
def test_a_combination_allows_what_all_allow(seed, count):
    torch.manual_seed(seed)
    shapes = [(5,), (3, 5), (2, 1, 5), (2, 3, 5)]
    masks = [torch.rand(shapes[torch.randint(4, ())]) < 0.6 for _ in range(count)]
    combined = combine_masks(None, *masks, None)
    full = [mask.expand(2, 3, 5) for mask in masks]
    assert torch.equal(combined.expand(2, 3, 5), torch.stack(full).all(0))


def test_nothing_to_combine():
    assert combine_masks() is None
    assert combine_masks(None, None) is None


def mha_masks():
    full = torch.rand(2, 4, 3, 5) < 0.6
    full[..., 0] = True  # torch gives NaN where no key is allowed
    return {
        "(Lq, Lk)": full[0, 0],
        "(B, 1, Lk)": full[:, 0, :1],
        "(B, Lq, Lk)": full[:, 0],
        "(B, H, Lq, Lk)": full,
    }


@pytest.mark.parametrize("kind", ["(Lq, Lk)", "(B, 1, Lk)", "(B, Lq, Lk)", "(B, H, Lq, Lk)"])
def test_torch_attends_where_the_mask_allows_and_nowhere_else(kind):
    mask = mha_masks()[kind]
    module = torch.nn.MultiheadAttention(8, 4, batch_first=True)
    query, key = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    options = {"average_attn_weights": False, **to_torch_mha_mask(mask, 4)}
    weights = module(query, key, key, **options)[1]  # (B, H, Lq, Lk)
    allowed = (mask[:, None] if mask.dim() == 3 else mask).expand(weights.shape)
    assert (weights[~allowed] == 0).all()
    assert (weights[allowed] > 0).all()


def test_torch_mask_names():
    masks = mha_masks()
    assert to_torch_mha_mask(masks["(B, 1, Lk)"], 4).keys() == {"key_padding_mask"}
    assert to_torch_mha_mask(masks["(B, Lq, Lk)"], 4)["attn_mask"].shape == (8, 3, 5)


@pytest.mark.parametrize("shape", [(5,), (2, 1, 3, 5), (2, 3, 3, 5), (1, 2, 4, 3, 5)])
def test_torch_masks_have_four_shapes(shape):
    with pytest.raises(ValueError, match=r"mask must be \(Lq, Lk\), .* or \(B, 4, Lq, Lk\); got \("):
        to_torch_mha_mask(torch.ones(shape, dtype=torch.bool), 4)


def test_torch_masks_need_bool_and_a_number_of_heads():
    mask = torch.ones(2, 3, 5, dtype=torch.bool)
    with pytest.raises(TypeError, match=r"mask must be a bool tensor.*got torch\.int64"):
        to_torch_mha_mask(mask.long(), 4)
    with pytest.raises(TypeError, match=r"mask must be a bool tensor.*got NoneType"):
        to_torch_mha_mask(None, 4)
    with pytest.raises(ValueError, match="num_heads must be 1 or more; got 0"):
        to_torch_mha_mask(mask, 0)
    with pytest.raises(TypeError, match=r"num_heads must be an integer, 1 or more; got 4\.0"):
        to_torch_mha_mask(mask, 4.0)


@pytest.mark.parametrize(
    ("lengths", "max_length", "error", "message"),
    [
        ([1, 2], None, TypeError, "lengths must be a tensor of integers; got list"),
        (torch.tensor([1.0]), None, TypeError, r"lengths must be integers; got torch\.float32"),
        (torch.tensor([True]), None, TypeError, r"lengths must be integers; got torch\.bool"),
        (torch.tensor(3), None, ValueError, r"lengths must have shape \(B,\); got \(\)"),
        (torch.tensor([[1]]), None, ValueError, r"lengths must have shape \(B,\); got \(1, 1\)"),
        (torch.tensor([1, -1]), None, ValueError, r"between 0 and 1; got \[1, -1\]"),
        (torch.tensor([1, 6]), 5, ValueError, r"between 0 and 5; got \[1, 6\]"),
        (torch.tensor([1]), 2.5, TypeError, r"max_length must be an integer, 0 or more; got 2\.5"),
        (torch.tensor([1]), -1, ValueError, "max_length must be 0 or more; got -1"),
    ],
)
def test_bad_lengths(lengths, max_length, error, message):
    with pytest.raises(error, match=message):
        padding_mask(lengths, max_length)


@pytest.mark.parametrize("name", ["query_length", "key_length", "before", "after"])
def test_bad_numbers(name):
    good = {"query_length": 3, "key_length": 3, "before": 1, "after": 1}
    with pytest.raises(ValueError, match=f"{name} must be 0 or more; got -1"):
        window_mask(**{**good, name: -1})
    for wrong in (1.5, float("nan"), "2"):
        with pytest.raises(TypeError, match=f"{name} must be an integer, 0 or more; got {wrong!r}"):
            window_mask(**{**good, name: wrong})
    if name.endswith("length"):
        with pytest.raises(ValueError, match=f"{name} must be 0 or more; got -2"):
            causal_mask(**{"query_length": 3, name: -2})
        with pytest.raises(TypeError, match=rf"{name} must be an integer, 0 or more; got 2\.5"):
            causal_mask(**{"query_length": 3, name: 2.5})


def test_no_query_length():
    with pytest.raises(TypeError, match="query_length must be an integer, 0 or more; got None"):
        causal_mask(None)


def test_masks_that_do_not_combine():
    first, second = torch.ones(3, 5, dtype=torch.bool), torch.ones(4, 5, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"masks must broadcast with one another; got \(3, 5\), \(4, 5\)"):
        combine_masks(first, None, second)
    with pytest.raises(TypeError, match=r"mask must be a bool tensor.*got torch\.float32"):
        combine_masks(first, first.float())
