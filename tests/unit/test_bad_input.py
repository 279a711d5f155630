"""Bad input to every attention: a ValueError or TypeError that says what came and what is allowed."""

import re

import pytest
import torch
from attnbook import attend, dot, masked_softmax, sample_attention, streaming_attend, top_k_attend
from cases import make_qkv


def attend_plain(*inputs, **options):
    return attend(*inputs, need_weights=True, **options)


def attend_with_dot(*inputs, **options):
    return attend(*inputs, score=dot, **options)


def top_two(query, key, value, mask=None, **options):
    return top_k_attend(query, key, value, 2, mask, **options)


ALL = [attend, attend_plain, attend_with_dot, streaming_attend, sample_attention, top_two]
EVERY = pytest.mark.parametrize("attention", ALL, ids=lambda attention: attention.__name__)
SCALED = pytest.mark.parametrize("attention", [attend, attend_plain, streaming_attend, sample_attention, top_two])
QUERY, KEY, VALUE = make_qkv(dtype=torch.float32)
MASK = torch.ones(3, 5, dtype=torch.bool)
SHAPES = r"query \(2, 3, 4\), key {key}, value {value}"


def refused(error, message):
    return pytest.raises(error, match=message)


@EVERY
@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK.int(), r"mask must be a bool tensor, True = may attend; got torch.int32"),
        (MASK.float(), r"mask must be a bool tensor, True = may attend; got torch.float32"),
        (MASK.tolist(), r"mask must be a bool tensor, True = may attend; got list"),
        ("causal", r"mask must be a bool tensor, True = may attend; got str"),
    ],
)
def test_masks_that_are_not_bool(attention, mask, message):
    with refused(TypeError, message):
        attention(QUERY, KEY, VALUE, mask)


@EVERY
@pytest.mark.parametrize(
    "shape",
    [(3, 4), (4, 5), (4,), (3, 3, 5), (7, 2, 3, 5), (1, 1, 3, 5)],
    ids=["too few keys", "too many queries", "too few keys alone", "another batch", "wider", "more sizes"],
)
def test_masks_that_do_not_broadcast_to_the_scores(attention, shape):
    said = re.escape(f"mask must broadcast to the scores (2, 3, 5); got {shape}")
    with refused(ValueError, said):
        attention(QUERY, KEY, VALUE, torch.ones(shape, dtype=torch.bool))


@pytest.mark.parametrize("attention", [attend, attend_plain, attend_with_dot, streaming_attend])
def test_a_mask_wider_than_one_query_is_refused_under_causal_order_too(attention):
    with refused(ValueError, r"mask must broadcast to the scores \(2, 1, 5\); got \(3, 5\)"):
        attention(QUERY[:, :1], KEY, VALUE, MASK, is_causal=True)
    with refused(TypeError, "mask must be a bool tensor"):
        attention(QUERY, KEY, VALUE, MASK.int(), is_causal=True)


@EVERY
@pytest.mark.parametrize("length", [1, 4, 6])
@pytest.mark.parametrize("leading", [(2,), (2, 3)], ids=str)
def test_a_value_for_each_key(attention, length, leading):
    """With two leading sizes torch's fused kernel takes another length without a word."""
    query, key, _ = make_qkv(leading=leading, dtype=torch.float32)
    value = torch.randn(*leading, length, 6)
    shapes = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in (("key", key), ("value", value)))
    with refused(ValueError, "key and value must have the same length Lk; got query .*" + re.escape(shapes)):
        attention(query, key, value)


@SCALED
def test_query_and_key_of_one_size(attention):
    message = r"same last size E.*got " + SHAPES.format(key=r"\(2, 5, 3\)", value=r"\(2, 5, 6\)")
    with refused(ValueError, message):
        attention(QUERY, KEY[..., :3], VALUE)
    with refused(ValueError, r"same last size E, 1 or more; got query \(2, 3, 0\), key \(2, 5, 0\)"):
        attention(QUERY[..., :0], KEY[..., :0], VALUE)


def test_dot_says_which_shapes_do_not_fit():
    with refused(ValueError, r"got query \(2, 3, 4\) and key \(2, 5, 3\)"):
        attend_with_dot(QUERY, KEY[..., :3], VALUE)


@EVERY
def test_leading_sizes_that_do_not_broadcast(attention):
    message = r"leading sizes of query, key and value must broadcast; got query \(2, 3, 4\), key \(3, 5, 4\)"
    with refused(ValueError, message):
        attention(QUERY, torch.randn(3, 5, 4), VALUE)


@EVERY
def test_too_few_sizes(attention):
    with refused(ValueError, r"at least the two sizes \(length, features\); got query \(4,\), key \(2, 5, 4\)"):
        attention(QUERY[0, 0], KEY, VALUE)
    with refused(ValueError, r"at least the two sizes.*value \(6,\)"):
        attention(QUERY, KEY, VALUE[0, 0])


@EVERY
@pytest.mark.parametrize("position", range(3))
def test_inputs_that_are_no_floating_point_tensors(attention, position):
    name = ("query", "key", "value")[position]
    for wrong, came in [(None, "NoneType"), ([1.0], "list"), ("text", "str"), (QUERY.numpy(), "ndarray")]:
        inputs = [QUERY, KEY, VALUE]
        inputs[position] = wrong
        with refused(TypeError, f"{name} must be a floating-point tensor; got {came}"):
            attention(*inputs)


@EVERY
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_inputs_of_a_dtype_that_is_not_floating_point(attention, dtype):
    with refused(TypeError, f"query must be a floating-point tensor; got {dtype}"):
        attention(QUERY.to(dtype), KEY.to(dtype), VALUE.to(dtype))


@EVERY
@pytest.mark.parametrize("position", range(3))
def test_mixed_dtypes(attention, position):
    inputs = [QUERY, KEY, VALUE]
    inputs[position] = inputs[position].double()
    with refused(TypeError, r"must have one dtype; got query torch\.float(32|64), key .*, value"):
        attention(*inputs)


@pytest.mark.parametrize("attention", [attend, streaming_attend, sample_attention, top_two])
def test_mixed_devices(attention):
    with refused(ValueError, "must be on one device; got cpu, meta"):
        attention(QUERY, KEY.to("meta"), VALUE)
    with refused(ValueError, "must be on one device; got cpu, meta"):
        attention(QUERY, KEY, VALUE, MASK.to("meta"))


@pytest.mark.parametrize("attention", [attend, attend_plain, attend_with_dot])
@pytest.mark.parametrize("dropout_p", [-0.1, 1.1, float("nan"), float("inf")])
def test_dropout_out_of_range(attention, dropout_p):
    with refused(ValueError, f"dropout_p must lie between 0 and 1; got {dropout_p}"):
        attention(QUERY, KEY, VALUE, dropout_p=dropout_p)


@pytest.mark.parametrize("attention", [attend, attend_plain, attend_with_dot])
@pytest.mark.parametrize("dropout_p", [None, "0.1"])
def test_dropout_that_is_no_number(attention, dropout_p):
    with refused(TypeError, f"dropout_p must be a number between 0 and 1; got {dropout_p!r}"):
        attention(QUERY, KEY, VALUE, dropout_p=dropout_p)


@pytest.mark.parametrize("attention", [attend, attend_plain, sample_attention, top_two])
@pytest.mark.parametrize("score", ["dot", None])
def test_scores_that_are_no_function(attention, score):
    with refused(TypeError, f"score must be a function of .*; got {score!r}"):
        attention(QUERY, KEY, VALUE, score=score)


def test_masked_softmax():
    scores = torch.randn(2, 3, 5)
    with refused(TypeError, "mask must be a bool tensor"):
        masked_softmax(scores, MASK.float())
    with refused(ValueError, r"mask must broadcast to the scores \(2, 3, 5\); got \(4, 2, 3, 5\)"):
        masked_softmax(scores, MASK.expand(4, 2, 3, 5))


@pytest.mark.parametrize("block_size", [0, -1])
def test_block_size_under_one(block_size):
    with refused(ValueError, f"block_size must be 1 or more; got {block_size}"):
        streaming_attend(QUERY, KEY, VALUE, block_size=block_size)


@pytest.mark.parametrize("number", [2.5, "2", None])
def test_numbers_that_are_no_integers(number):
    with refused(TypeError, f"block_size must be an integer, 1 or more; got {number!r}"):
        streaming_attend(QUERY, KEY, VALUE, block_size=number)
    with refused(TypeError, f"num_keys must be an integer, 1 or more; got {number!r}"):
        top_k_attend(QUERY, KEY, VALUE, number)


def test_fewer_than_one_best_key():
    with refused(ValueError, "num_keys must be 1 or more; got 0"):
        top_k_attend(QUERY, KEY, VALUE, 0)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero(temperature):
    with refused(ValueError, f"temperature must be above 0; got {temperature}"):
        sample_attention(QUERY, KEY, VALUE, temperature=temperature)
