"""Labelled texts: what they are checked for, how they are read, split and turned into ids; what is wrong is said."""

from collections import Counter

import pytest
from attnbook.data.texts import LabelledText, cut_words, encode_text, read_lines, read_texts, split_folds
from attnbook.data.vocabulary import UNKNOWN, Vocabulary
from hypothesis import given
from hypothesis import strategies as st

VOCABULARY = Vocabulary(["the", "soup", "good", "was"])


def made_up(*labels):
    return [LabelledText((f"word{index}",), label) for index, label in enumerate(labels)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), 0), "a text needs words, none of them empty"),
        ((("good", ""), 0), "a text needs words, none of them empty"),
        ((("good",), -1), "label must be 0 or more; got -1"),
        ((("so", "good"), 1, (True, False, True)), "2 words have 3 marks: so good"),
        ((("so", "good"), 1, (True,)), "2 words have 1 marks: so good"),
    ],
)
def test_texts_that_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LabelledText(*arguments)


def test_a_readers_text_becomes_ids():
    ids = encode_text(["the", "soup", "was", "tepid"], VOCABULARY, max_length=4)
    assert ids == [*VOCABULARY.encode(["the", "soup", "was"]), UNKNOWN]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the text is empty: it needs one word at least"),
        (["tepid", "broth"], "none of the words is known: tepid broth"),
        (["the", "soup", "was", "good", "good"], "the text has 5 words; the model takes 4 at most"),
    ],
)
def test_readers_texts_that_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        encode_text(words, VOCABULARY, max_length=4)


def test_a_string_is_no_list_of_words():
    with pytest.raises(TypeError, match="got the string 'the soup'"):
        encode_text("the soup", VOCABULARY)


def test_words_cut_finer_remember_where_they_come_from():
    pieces, owners = cut_words(
        ["so", "friendly.", "…"], lambda word: [part for part in word.partition(".")[:2] if part and part != "…"]
    )
    assert pieces == ["so", "friendly", ".", "…"]
    assert owners == [0, 1, 1, 2]


@given(st.lists(st.integers(0, 2), min_size=6, max_size=60), st.integers(3, 6), st.integers(0, 3))
def test_folds_test_on_every_text_once_and_share_the_labels_out(labels, folds, seed):
    texts = made_up(*labels)
    splits = [split_folds(texts, fold, folds=folds, seed=seed) for fold in range(folds)]
    assert sorted(text.words for split in splits for text in split.test) == sorted(text.words for text in texts)
    for fold, split in enumerate(splits):
        parts = [split.train, split.validation, split.test]
        assert sorted(text.words for part in parts for text in part) == sorted(text.words for text in texts)
        assert split.validation == splits[(fold + 1) % folds].test
        for label, count in Counter(labels).items():
            assert abs(sum(text.label == label for text in split.test) - count / folds) < 1


def test_folds_depend_on_the_seed_and_keep_the_order():
    texts = made_up(*[0, 1] * 30)
    assert split_folds(texts, 0) == split_folds(texts, 0) != split_folds(texts, 0, seed=1)
    train = split_folds(texts, 0).train
    assert train == [text for text in texts if text in train]
    by_word = split_folds(texts, 0, folds=3, key=lambda text: len(text.words[0]))
    assert sum(len(text.words[0]) == 5 for text in by_word.test) in (3, 4)


@pytest.mark.parametrize(
    ("fold", "options", "message"),
    [
        (10, {}, "fold 10 of 10 cannot be had of 20 texts"),
        (0, {"folds": 21}, "fold 0 of 21 cannot be had of 20 texts"),
        (0, {"folds": 2}, "folds must be 3 or more; got 2"),
        (-1, {}, "fold must be 0 or more; got -1"),
    ],
)
def test_folds_that_cannot_be_had(fold, options, message):
    with pytest.raises(ValueError, match=message):
        split_folds(made_up(*[0, 1] * 10), fold, **options)


def test_a_file_of_texts(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text("so good\t1\nnot\u2028good \u0085 at all\t0\n5\tstars\t1", encoding="utf-8", newline="\n")
    assert read_texts(path, cut=lambda text: text.split(" "))[1].words == ("not\u2028good", "\u0085", "at", "all")
    assert [text.label for text in read_texts(path)] == [1, 0, 1]
    assert read_texts(path)[2].words == ("5", "stars")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"good\t1\nthe caf\xe9\t0\n", r"texts\.tsv, line 2: byte 0xe9 is not utf-8"),
        (b"good\t1\nbad 0\n", r"texts\.tsv, line 2: there is no tab between text and label: 'bad 0'"),
        (b"good\t2\n", r"texts\.tsv, line 1: the label must be one of 0 to 1; got '2'"),
        (b"good\tpositive\n", r"line 1: the label must be one of 0 to 1; got 'positive'"),
        (b"good\t1\n \t0\n", r"texts\.tsv, line 2: the text is empty"),
        (b"", r"texts\.tsv, line 1: there is no tab"),
    ],
)
def test_files_that_are_refused(tmp_path, content, message):
    path = tmp_path / "texts.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_texts(path)


def test_lines_end_at_newlines_only(tmp_path):
    path = tmp_path / "lines"
    path.write_bytes(b"one \x85 two\x0b\x1cthree\n\nfour\n")
    assert read_lines(path, "latin-1") == ["one \x85 two\x0b\x1cthree", "", "four"]
