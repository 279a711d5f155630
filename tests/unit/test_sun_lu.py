"""Sun and Lu's recipe: two polar words among ten neutral ones, and the label follows from them."""

from collections import Counter

import pytest
from attnbook.data.sun_lu import sample_sun_lu, sun_lu_words

KIND = {word: kind for kind, words in sun_lu_words().items() for word in words}


def test_the_words_of_the_recipe():
    assert Counter(KIND.values()) == {"positive": 50, "negative": 50, "neutral": 1000}


def test_two_words_decide_and_are_marked():
    for text in sample_sun_lu(400):
        kinds = [KIND[word] for word in text.words]
        polar = "positive" if text.label else "negative"
        assert len(kinds) == 12 and Counter(kinds) == {polar: 2, "neutral": 10}
        assert [kind == polar for kind in kinds] == list(text.decisive)


def test_places_labels_and_words_are_balanced():
    texts = sample_sun_lu(1200)
    assert sum(text.label for text in texts) == 600
    places = [sum(text.decisive[place] for text in texts) for place in range(12)]
    assert min(places) > 150 and max(places) < 250
    assert len({word for text in texts for word in text.words}) > 1090


def test_noise_turns_labels_round_and_nothing_else():
    clean, noisy = sample_sun_lu(2000), sample_sun_lu(2000, noise=0.1)
    wrong = sum(KIND[text.words[text.decisive.index(True)]] != ("negative", "positive")[text.label] for text in noisy)
    assert 150 < wrong < 250
    assert [text.words for text in clean] == [text.words for text in noisy]


def test_the_seed_decides():
    assert sample_sun_lu(20) == sample_sun_lu(20) != sample_sun_lu(20, seed=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"count": 0}, ValueError, "count must be 1 or more; got 0"),
        ({"count": 2.5}, TypeError, "count must be an integer"),
        ({"count": 1, "noise": 1.1}, ValueError, "noise must lie between 0 and 1; got 1.1"),
    ],
)
def test_what_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        sample_sun_lu(**options)
