"""The reviews written for this book, read as a sceptic reads them: varied, no templates, no use counting words."""

import re
from collections import Counter

import numpy as np
import pytest
from attnbook.data.reviews import load_reviews
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline


@pytest.fixture(scope="module")
def sentences():
    """The words of each sentence, with "didn't" as one, and without marks."""
    texts = (re.sub(r" (n't|'\w+)", r"\1", " ".join(review.words)) for review in load_reviews())
    return [[word for word in text.split() if re.search(r"\w", word)] for text in texts]


def test_no_two_sentences_are_alike(sentences):
    texts = [" ".join(words) for words in sentences]
    similar = cdist(texts, texts, scorer=Levenshtein.normalized_similarity, score_cutoff=0.6)
    np.fill_diagonal(similar, 0.0)
    assert not similar.any()


@pytest.mark.parametrize(("length", "most", "only_first"), [(4, 3, False), (3, 5, True)])
def test_no_phrase_and_no_opening_is_a_template(sentences, length, most, only_first):
    phrases = Counter()
    for words in sentences:
        last = 1 if only_first else max(len(words) - length + 1, 0)
        phrases.update({tuple(words[start : start + length]) for start in range(last)})
    assert phrases.most_common(1)[0][1] <= most


def test_lengths_and_marks():
    reviews = load_reviews()
    lengths = [len(review.words) for review in reviews]
    assert min(lengths) >= 5 and max(lengths) <= 36 and len(set(lengths)) >= 20
    marked = sum(sum(review.decisive) for review in reviews) / sum(lengths)
    assert 0.1 < marked < 0.3


@pytest.mark.parametrize("judge", [LogisticRegression(solver="liblinear"), MultinomialNB()])
@pytest.mark.parametrize("longest", [1, 2])
def test_counting_words_does_not_solve_them(sentences, judge, longest):
    labels = [review.label for review in load_reviews()]
    counts = CountVectorizer(ngram_range=(1, longest), analyzer="word", token_pattern=r"\S+", lowercase=False)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    texts = [" ".join(words) for words in sentences]
    assert cross_val_score(make_pipeline(counts, judge), texts, labels, cv=folds).mean() < 0.65


@pytest.mark.parametrize("word", ["good", "great", "bad", "boring", "love", "waste", "worth", "never", "not", "no"])
def test_a_strong_word_stands_on_both_sides(sentences, word):
    sides = Counter(review.label for review, words in zip(load_reviews(), sentences, strict=True) if word in words)
    assert min(sides.values()) / sum(sides.values()) > 0.3
