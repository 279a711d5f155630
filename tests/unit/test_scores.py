"""Scores: each by its formula, pair by pair; gradients; broadcasting; bad input."""

import math

import pytest
import torch
from attnbook import Additive, Bilinear, Location, attend, cosine, create_score, dot, scaled_dot
from attnbook.scores import SCORE_NAMES
from cases import make_qkv, randomise
from hypothesis import given
from hypothesis import strategies as st


def pairwise(formula, query, key):
    """The scores (B, Lq, Lk) by a formula for one query and one key."""
    return torch.stack(
        [torch.stack([torch.stack([formula(q, k) for k in ks]) for q in qs]) for qs, ks in zip(query, key, strict=True)]
    )


FORMULAS = {
    "dot": lambda score: lambda q, k: (q * k).sum(),
    "scaled_dot": lambda score: lambda q, k: (q * k).sum() / math.sqrt(len(q)),
    "cosine": lambda score: lambda q, k: (q * k).sum() / (q.norm() * k.norm()),
    "bilinear": lambda score: lambda q, k: k @ score.projection.weight @ q,
    "additive": lambda score: (
        lambda q, k: score.energy.weight[0] @ torch.tanh(score.query_projection(q) + score.key_projection.weight @ k)
    ),
}


@given(
    name=st.sampled_from(sorted(FORMULAS)),
    size=st.integers(1, 5),
    lengths=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_every_pair_is_scored_by_the_formula(name, size, lengths):
    query, key, _ = make_qkv(*lengths, size=size)
    score = create_score(name, size)
    if isinstance(score, torch.nn.Module):
        randomise(score).double()
    torch.testing.assert_close(score(query, key), pairwise(FORMULAS[name](score), query, key), atol=1e-12, rtol=0)


def test_location_looks_at_the_query_alone():
    score = randomise(Location(4, 9)).double()
    query, key, _ = make_qkv()
    scores = score(query, key)
    torch.testing.assert_close(scores, query @ score.projection.weight[:5].T)
    torch.testing.assert_close(scores, score(query, torch.randn_like(key)), atol=0, rtol=0)
    assert score(query, torch.randn(2, 9, 4)).shape == (2, 3, 9)


def test_luongs_concat_is_the_additive_score():
    score = randomise(Additive(4, 6, 7, bias=False)).double()
    query, key = torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 5, 6, dtype=torch.float64)
    matrix = torch.cat([score.query_projection.weight, score.key_projection.weight], dim=1)  # W [q; k]
    pairs = torch.cat([query[:, :, None].expand(2, 3, 5, 4), key[:, None].expand(2, 3, 5, 6)], dim=-1)
    concat = torch.tanh(pairs @ matrix.T) @ score.energy.weight[0]
    torch.testing.assert_close(score(query, key), concat, atol=1e-12, rtol=0)


def test_without_a_bias_the_additive_score_is_odd():
    query, key, _ = make_qkv()
    score = randomise(Additive(4, 4, 7, bias=False)).double()
    torch.testing.assert_close(score(-query, -key), -score(query, key), atol=1e-12, rtol=0)
    score = randomise(Additive(4, 4, 7)).double()
    assert not torch.allclose(score(-query, -key), -score(query, key), atol=1e-3)


def test_keys_projected_once_score_as_the_keys():
    score = randomise(Additive(4, 6, 7)).double()
    query, key = torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 5, 6, dtype=torch.float64)
    projected = score.project_key(key)
    assert projected.shape == (2, 5, 7)
    for position in range(3):
        one_query = query[:, position, None]
        torch.testing.assert_close(score.score_projected(one_query, projected), score(one_query, key), atol=0, rtol=0)
    with pytest.raises(ValueError, match=r"projected_key must have 7 features; got projected_key \(2, 5, 6\)"):
        score.score_projected(query, key)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-15), (torch.float32, 3e-7), (torch.bfloat16, 2**-8)]
)
def test_the_additive_score_has_a_true_tanh(dtype, tolerance):
    """From small arguments to where tanh is ±1, in every precision; and its gradient."""
    reached = torch.cat([torch.linspace(-30, 30, 4001), torch.tensor([math.inf, -math.inf])]).to(dtype)
    score = Additive(1, 1, 1, bias=False).to(dtype)
    for layer in (score.query_projection, score.key_projection, score.energy):
        torch.nn.init.ones_(layer.weight)
    keys = torch.zeros(1, 1, dtype=dtype)
    found = score(reached[:, None], keys)[:, 0]
    assert (found.double() - reached.double().tanh()).abs().max() <= tolerance
    if dtype is torch.float64:
        assert torch.autograd.gradcheck(score, (reached[:-2:200, None].requires_grad_(), keys))


def test_the_cosine_does_not_see_lengths_and_gives_a_zero_vector_zero():
    query, key, _ = make_qkv()
    torch.testing.assert_close(cosine(query * 7, key * 0.01), cosine(query, key))
    assert (cosine(query, key).abs() <= 1 + 1e-12).all()
    assert (cosine(torch.zeros(1, 4), torch.randn(3, 4)) == 0).all()
    zeros = torch.zeros(1, 4, requires_grad=True)
    cosine(zeros, torch.randn(3, 4)).sum().backward()
    assert zeros.grad.isfinite().all()


def test_the_root_keeps_the_variance_of_random_scores_at_one():
    query, key, _ = make_qkv(300, 300, leading=(), size=256)
    assert scaled_dot(query, key).var().item() == pytest.approx(1.0, abs=0.05)
    assert dot(query, key).var().item() == pytest.approx(256.0, rel=0.05)


@pytest.mark.parametrize("name", SCORE_NAMES)
def test_made_by_name(name):
    score = create_score(name, 4)
    query, key, value = make_qkv(dtype=torch.float32)
    assert score(query, key).shape == (2, 3, 5)
    assert attend(query, key, value, score=score).output.shape == (2, 3, 6)
    functions = {"dot": dot, "scaled_dot": scaled_dot, "cosine": cosine}
    modules = {"bilinear": Bilinear, "additive": Additive, "location": Location}
    assert score is functions[name] if name in functions else isinstance(score, modules[name])


def test_options_of_create_score():
    assert create_score("additive", 4, hidden_dim=9).energy.in_features == 9
    assert create_score("additive", 4).energy.in_features == 4
    assert create_score("location", 4, max_length=9).max_length == 9


@pytest.mark.parametrize("name", ["nope", "Dot", "", None])
def test_unknown_names_are_answered_with_all_names(name):
    with pytest.raises(ValueError, match=rf"unknown score {name!r}; allowed: {', '.join(SCORE_NAMES)}"):
        create_score(name, 4)


def test_learned_scores_take_a_query_and_a_key_of_different_sizes():
    query, key, value = torch.randn(2, 3, 4), torch.randn(2, 5, 6), torch.randn(2, 5, 2)
    for score in (Bilinear(4, 6), Additive(4, 6, 3), Location(4, 5)):
        output, weights = attend(query, key, value, score=score, need_weights=True)
        assert output.shape == (2, 3, 2)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3))


@pytest.mark.parametrize("score", [dot, scaled_dot, cosine], ids=lambda score: score.__name__)
def test_sizes_that_differ(score):
    with pytest.raises(ValueError, match=r"same last size; got query \(2, 3, 4\) and key \(2, 5, 6\)"):
        score(torch.randn(2, 3, 4), torch.randn(2, 5, 6))


@pytest.mark.parametrize("score", [Bilinear(4, 6), Additive(4, 6, 3)], ids=["Bilinear", "Additive"])
def test_features_that_the_weights_do_not_fit(score):
    query, key, value = torch.randn(2, 3, 4), torch.randn(2, 5, 6), torch.randn(2, 5, 2)
    with pytest.raises(ValueError, match=r"query must have 4 features; got query \(2, 3, 6\)"):
        score(torch.randn(2, 3, 6), key)
    with pytest.raises(ValueError, match=r"key must have 6 features; got key \(2, 5, 4\)"):
        score(query, torch.randn(2, 5, 4))
    with pytest.raises(ValueError, match=r"key must have 6 features; got key \(2, 5, 4\)"):
        attend(query, torch.randn(2, 5, 4), value, score=score)


def test_location_has_a_last_position():
    score = Location(4, 3)
    with pytest.raises(ValueError, match="got 5 keys; this Location has weights for at most 3"):
        score(torch.randn(2, 3, 4), torch.randn(2, 5, 4))
    with pytest.raises(ValueError, match=r"query must have 4 features; got query \(2, 3, 6\)"):
        score(torch.randn(2, 3, 6), torch.randn(2, 3, 4))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bilinear", {"dim": 0}, "query_dim must be 1 or more; got 0"),
        ("additive", {"dim": -2}, "query_dim must be 1 or more; got -2"),
        ("additive", {"dim": 4, "hidden_dim": 0}, "hidden_dim must be 1 or more; got 0"),
        ("location", {"dim": 4, "max_length": 0}, "max_length must be 1 or more; got 0"),
    ],
)
def test_sizes_under_one(name, options, message):
    with pytest.raises(ValueError, match=message):
        create_score(name, **options)


def test_sizes_that_are_no_integers():
    with pytest.raises(TypeError, match=r"query_dim must be an integer, 1 or more; got 2\.5"):
        create_score("bilinear", 2.5)
