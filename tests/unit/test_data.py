"""The data that come with the book hold what their cards say."""

import pytest
import torch
from attnbook.data import cut_into_patches, load_attention_history, load_determiners, load_flower
from attnbook.data.matching import RULES, matching_task


def test_history_answers_point_at_facts():
    history = load_attention_history()
    assert len(history.facts) == len(history.years) == 24
    assert len(history.questions) == len(history.answers) == 20
    assert history.answers.min() >= 0 and history.answers.max() < 24
    assert len(set(history.facts)) == 24 and len(set(history.questions)) == 20
    assert (history.years.diff() >= 0).all()


def test_determiners_are_determiners_and_nouns_follow():
    determiners = set(
        [
            "the",
            "a",
            "an",
            "this",
            "those",
            "that",
            "every",
            "her",
            "some",
            "his",
            "my",
            "these",
            "no",
            "each",
            "another",
        ]
    )
    sentences = load_determiners()
    assert len({" ".join(sentence.words) for sentence in sentences}) == 40
    for sentence in sentences:
        assert sentence.words[sentence.determiner].lower() in determiners
        assert 1 <= sentence.noun - sentence.determiner <= 4


def test_flower_mask_covers_the_orange_pixels():
    flower = load_flower()
    assert flower.image.shape == (*flower.mask.shape, 3)
    assert flower.image.min() >= 0.0 and flower.image.max() <= 1.0
    red, green, blue = flower.image.unbind(-1)
    orange = (red > blue + 0.15) & (red > green)
    overlap = (orange & flower.mask).sum() / (orange | flower.mask).sum()
    assert overlap > 0.8


@pytest.mark.parametrize("rule", RULES)
def test_matching_rules_hold(rule):
    query, key, gold = matching_task(rule, 500, num_keys=6, generator=torch.Generator().manual_seed(0))
    assert query.shape == (500, 1, 8) and key.shape == (500, 6, 8) and gold.shape == (500,)
    if rule == "named place":
        by_rule = query[:, 0, :6].argmax(-1)
    elif rule == "nearest point":
        by_rule = torch.cdist(query, key).argmin(-1)[:, 0]
    else:
        undone = query
        if rule == "fixed rotation":
            rotation = torch.linalg.lstsq(query[:, 0], key[torch.arange(500), gold]).solution
            undone = query @ rotation
            assert torch.allclose(rotation @ rotation.T, torch.eye(8), atol=0.1)
        by_rule = torch.cosine_similarity(undone, key, dim=-1).argmax(-1)
    assert (by_rule == gold).float().mean() > 0.95


def test_matching_errors_say_what_is_allowed():
    with pytest.raises(ValueError, match="unknown rule 'same'; allowed: same vector, same direction"):
        matching_task("same", 4)
    with pytest.raises(ValueError, match="8 features can name at most 8 places; got num_keys=9"):
        matching_task("named place", 4, num_keys=9)
    with pytest.raises(ValueError, match="fixed rotation needs an even dim; got 3"):
        matching_task("fixed rotation", 4, dim=3)


def test_patches_are_cut_row_by_row():
    flower = load_flower()
    patches = cut_into_patches(flower, 100)
    assert patches.grid == (4, 6) and patches.features.shape == (24, 6)
    row, column = 2, 3
    square = (slice(100 * row, 100 * row + 100), slice(100 * column, 100 * column + 100))
    means = [
        flower.image[100 * r : 100 * r + 100, 100 * c : 100 * c + 100, 0].mean() for r in range(4) for c in range(6)
    ]
    scaled = (means[15] - torch.stack(means).mean()) / torch.stack(means).std()
    assert patches.features[15, 0] == pytest.approx(scaled.item(), abs=1e-4)
    assert patches.is_flower[15] == (flower.mask[square].float().mean() > 0.5)


@pytest.mark.parametrize("size", [0, 428])
def test_patches_that_do_not_fit_are_refused(size):
    with pytest.raises(ValueError, match=f"size must lie between 1 and 427; got {size}"):
        cut_into_patches(load_flower(), size)
