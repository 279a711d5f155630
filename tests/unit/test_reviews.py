"""Reviews written for this book, and documents composed from them: what decides is known, and is what is said."""

from collections import Counter

import pytest
from attnbook.data.reviews import TOPICS, Review, compose_documents, load_reviews, parse_reviews
from attnbook.data.texts import split_folds


def entry(text="The soup wasn't bad.", marks=((9, 19),), label="positive", topic="restaurants", kind="negation"):
    return {"text": text, "marks": [list(mark) for mark in marks], "label": label, "topic": topic, "kind": kind}


MADE_UP = parse_reviews(
    entry(f"This {topic} {number} is {label}.", label=label, topic=topic, marks=[])
    for topic in TOPICS
    for label in ("negative", "positive")
    for number in range(12)
)


def test_marks_of_characters_become_marks_of_words():
    (review,) = parse_reviews([entry()])
    assert review.words == ("the", "soup", "was", "n't", "bad", ".")
    assert review.decisive == (False, False, True, True, True, False)
    assert (review.label, review.topic, review.kind) == (1, "restaurants", "negation")
    (several,) = parse_reviews([entry("It’s good, and it’s cheap", marks=[(5, 9), (20, 25)], label="negative")])
    assert [word for word, mark in zip(several.words, several.decisive, strict=True) if mark] == ["good", "cheap"]
    assert several.label == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"marks": [(9, 21)]}, "the mark 9 to 21 lies outside the text of 20 characters"),
        ({"marks": [(-4, 3)]}, "the mark -4 to 3 lies outside the text"),
        ({"marks": [(5, 5)]}, "the mark 5 to 5 lies outside the text"),
        ({"marks": [(4, 7)]}, "the mark 'sou' is not made of whole words"),
        ({"marks": [(5, 8)]}, "the mark 'oup' is not made of whole words"),
        ({"marks": [(8, 9)]}, "the mark ' ' is not made of whole words"),
        ({"label": "neutral"}, "the label must be one of negative, positive; got 'neutral'"),
        ({"topic": "cars"}, "the topic must be one of restaurants, films, books, trips, devices; got 'cars'"),
        ({"text": " ", "marks": []}, "a text needs words"),
    ],
)
def test_entries_that_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        parse_reviews([{**entry(), **changes}])


def test_the_label_of_a_document_follows_from_its_sentences_about_the_topic():
    documents = compose_documents(MADE_UP, 300, topic="films")
    assert Counter(document.label for document in documents) == {0: 150, 1: 150}
    for document in documents:
        about = [sentence for sentence in document.sentences if sentence.topic == "films"]
        assert {sentence.label for sentence in about} == {document.label}
        assert [sentence.topic == "films" for sentence in document.sentences] == list(document.deciding)
        assert 5 <= len(document.sentences) <= 15 and 1 <= len(about) <= 2
        assert len(set(document.sentences)) == len(document.sentences)
    lengths = {len(document.sentences) for document in documents}
    places = {place for document in documents for place, decides in enumerate(document.deciding) if decides}
    assert lengths == set(range(5, 16)) and places == set(range(15))


def test_the_other_sentences_say_nothing_about_the_label():
    documents = compose_documents(MADE_UP, 2000)
    agree = [
        sentence.label == document.label
        for document in documents
        for sentence, decides in zip(document.sentences, document.deciding, strict=True)
        if not decides
    ]
    assert abs(sum(agree) / len(agree) - 0.5) < 0.02


def test_the_majority_of_the_tones_is_right_on_seven_in_ten():
    documents = compose_documents(MADE_UP, 3000)
    right = 0.0
    for document in documents:
        tone = sum(1 if sentence.label == document.label else -1 for sentence in document.sentences)
        right += 0.5 if tone == 0 else tone > 0
    assert abs(right / len(documents) - 0.7) < 0.03


def test_a_document_as_one_text_marks_the_decisive_words_of_the_deciding_sentences():
    asides = [entry(f"Film {number} was bad.", [(12, 15)], topic="films") for number in range(10, 16)]
    reviews = parse_reviews([entry(), entry("The soup was cold.", [(13, 17)], "negative"), *asides])
    document = compose_documents(reviews, 2, deciding=(1, 1), sentences=(5, 5))[1]
    assert document.text.label == 1
    assert len(document.text.words) == sum(len(sentence.words) for sentence in document.sentences)
    marked = [word for word, mark in zip(document.text.words, document.text.decisive, strict=True) if mark]
    assert marked == ["was", "n't", "bad"]


def test_the_seed_decides():
    assert compose_documents(MADE_UP, 4) == compose_documents(MADE_UP, 4) != compose_documents(MADE_UP, 4, seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be 1 or more; got 0"),
        ({"topic": "cars"}, "unknown topic 'cars'; there are: restaurants, films, books, trips, devices"),
        ({"deciding": (2, 6)}, r"must hold; got deciding=\(2, 6\) and sentences=\(5, 15\)"),
        ({"deciding": (0, 3)}, r"must hold; got deciding=\(0, 3\)"),
        ({"sentences": (5, 4)}, r"must hold; got .* sentences=\(5, 4\)"),
        ({"deciding": (1, 13), "sentences": (13, 15)}, "too few reviews: 12 and 12 about restaurants, 96 others"),
        ({"sentences": (5, 98)}, "too few reviews"),
    ],
)
def test_documents_that_cannot_be_composed(options, message):
    with pytest.raises(ValueError, match=message):
        compose_documents(MADE_UP, **{"count": 2, **options})


def test_the_books_own_reviews():
    reviews = load_reviews()
    assert len(reviews) >= 600
    counts = Counter((review.topic, review.label) for review in reviews)
    assert len(counts) == 10 and all(counts[topic, 0] == counts[topic, 1] for topic in TOPICS)
    assert all(any(review.decisive) and not all(review.decisive) for review in reviews)
    assert {review.kind for review in reviews} == {
        "plain",
        "negation",
        "contrast",
        "faint",
        "consequence",
        "comparison",
    }
    splits = split_folds(reviews, 0, folds=5, key=lambda review: (review.topic, review.label))
    assert isinstance(splits.test[0], Review)
    document = compose_documents(splits.test, 1)[0]
    assert not set(document.sentences) & set(splits.train)
