"""Words and pieces of words ↔ ids."""

import json
import subprocess
import sys

import pytest
import torch
from attnbook.data.subwords import Subwords
from attnbook.data.vocabulary import END, PAD, SPECIALS, START, UNKNOWN, Vocabulary
from hypothesis import given
from hypothesis import strategies as st

SENTENCES = [["b", "a", "b"], ["c", "a", "d"], ["c"]]
TEXTS = ["zwei weiße hunde spielen im schnee.", "ein hund spielt mit zwei kindern.", "我喜欢食物"] * 3


def test_frequent_words_come_first_then_the_order_of_characters():
    vocabulary = Vocabulary.build(SENTENCES)
    assert vocabulary.words == [*SPECIALS, "a", "b", "c", "d"]
    assert len(vocabulary) == 8 and "a" in vocabulary and "e" not in vocabulary
    assert Vocabulary.build([*SENTENCES, ["d", "d"]]).words[4:] == ["d", "a", "b", "c"]
    assert Vocabulary.build(SENTENCES, min_count=2).words[4:] == ["a", "b", "c"]
    assert Vocabulary.build(SENTENCES, max_size=2).words[4:] == ["a", "b"]


@given(st.lists(st.lists(st.text(min_size=1, max_size=3), min_size=1), min_size=1), st.randoms())
def test_any_order_of_sentences_gives_one_vocabulary_and_it_gives_the_words_back(sentences, random):
    sentences = [[word for word in sentence if word not in SPECIALS] or ["x"] for sentence in sentences]
    vocabulary = Vocabulary.build(sentences)
    shuffled = random.sample(sentences, len(sentences))
    assert Vocabulary.build(shuffled).words == vocabulary.words
    for sentence in sentences:
        ids = vocabulary.encode(sentence)
        assert vocabulary.decode(ids) == sentence and min(ids) > END


def test_unknown_words_and_words_that_spell_a_special():
    vocabulary = Vocabulary.build([["a", "</s>", "<pad>"]])
    assert vocabulary.words == [*SPECIALS, "a"]
    assert vocabulary.encode(["a", "</s>", "z"]) == [4, UNKNOWN, UNKNOWN]
    assert "</s>" not in vocabulary
    assert vocabulary.decode([START, 4, UNKNOWN, END, 4, PAD]) == ["a", "<unk>"]
    assert vocabulary.decode(torch.tensor([4, PAD, PAD])) == ["a"]


def test_bad_words_ids_and_sizes():
    with pytest.raises(ValueError, match=r"words must differ, .*got \['a'\]"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ValueError, match=r"got \[''\]"):
        Vocabulary([""])
    with pytest.raises(ValueError, match=r"got \['<s>'\]"):
        Vocabulary(["<s>"])
    with pytest.raises(ValueError, match="min_count and max_size must be 1 or more; got 0 and None"):
        Vocabulary.build(SENTENCES, min_count=0)
    with pytest.raises(ValueError, match="got 1 and 0"):
        Vocabulary.build(SENTENCES, max_size=0)
    with pytest.raises(ValueError, match="no word is left of 4 different ones with min_count=9"):
        Vocabulary.build(SENTENCES, min_count=9)
    with pytest.raises(TypeError, match="a sentence must be a list of words; got the string 'a b'"):
        Vocabulary.build(["a b"])
    with pytest.raises(TypeError, match="got the string 'a b'"):
        Vocabulary(["a"]).encode("a b")
    with pytest.raises(ValueError, match=r"ids must lie between 0 and 4; got \[5, -1\]"):
        Vocabulary(["a"]).decode([4, 5, -1])


def test_vocabulary_is_saved_and_loaded(tmp_path):
    vocabulary = Vocabulary(["食物", 'a "b"', "\u2028"])
    vocabulary.save(tmp_path / "new" / "words.json")
    assert Vocabulary.load(tmp_path / "new" / "words.json").words == vocabulary.words
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["words.json"]


@pytest.mark.parametrize("kind", ["vocabulary", "subwords"])
@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"kind": "attnbook vocabulary", "words": [1]}'])
def test_a_file_that_is_not_whole_is_named(tmp_path, kind, content):
    path = tmp_path / "saved.json"
    path.write_text(content)
    load, words = {
        "vocabulary": (Vocabulary.load, "is no vocabulary"),
        "subwords": (Subwords.load, "holds no subwords"),
    }[kind]
    with pytest.raises(ValueError, match=rf"saved\.json {words} that `save` wrote"):
        load(path)


def test_a_file_of_the_other_kind_is_refused(tmp_path):
    path = tmp_path / "saved.json"
    Subwords.train(TEXTS, size=300).save(path)
    with pytest.raises(ValueError, match="is no vocabulary"):
        Vocabulary.load(path)
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    tokenizer["added_tokens"], tokenizer["model"]["vocab"], tokenizer["model"]["merges"] = [], {"a": 0}, []
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(ValueError, match="its first ids are not"):
        Subwords.load(path)


FULL_DISK = """
import resource, sys
from attnbook.data.vocabulary import Vocabulary
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    Vocabulary([f"word {number}" for number in range(2000)]).save(sys.argv[1])
except OSError as error:
    print(error.strerror)
"""


def test_a_full_disk_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "words.json"
    Vocabulary(["a"]).save(path)
    before = path.read_bytes()
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "File too large\n"
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["words.json"]


@pytest.fixture(scope="module")
def subwords():
    return Subwords.train(TEXTS, size=300)


def test_subwords_merge_what_is_frequent(subwords):
    assert len(subwords) == 300
    assert subwords.pieces("zwei hunde")[0] == "▁zwei"
    assert len(subwords.encode("zwei")) == 1 < len(subwords.encode("quark"))
    assert "".join(subwords.pieces("weißer quark")) == "▁weißer▁quark"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_comes_back_and_never_holds_a_special(text):
    subwords = Subwords.train(TEXTS, size=300)
    ids = subwords.encode(text)
    assert all(number > END for number in ids)
    assert subwords.decode(ids) == text


def test_text_that_spells_a_special_is_text(subwords):
    ids = subwords.encode("ein </s> hund <pad>")
    assert min(ids) > END
    assert subwords.decode([START, *ids, END, *ids, PAD]) == "ein </s> hund <pad>"


def test_subwords_are_saved_and_loaded(subwords, tmp_path):
    subwords.save(tmp_path / "pieces.json")
    loaded = Subwords.load(tmp_path / "pieces.json")
    again = Subwords.train(TEXTS, size=300)
    for text in (*TEXTS, "ein </s> quark"):
        assert loaded.encode(text) == subwords.encode(text) == again.encode(text)


def test_bad_subwords(subwords, monkeypatch):
    with pytest.raises(ValueError, match="size must be 260 or more and there must be text; got 259, 9 texts"):
        Subwords.train(TEXTS, size=259)
    with pytest.raises(ValueError, match="got 6000, 1 texts"):
        Subwords.train([""])
    with pytest.raises(TypeError, match="text must be a string; got list"):
        subwords.encode(["ein", "hund"])
    with pytest.raises(ValueError, match=r"ids must lie between 0 and 299; got \[300\]"):
        subwords.decode([300])
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ImportError, match=r'pip install "attnbook\[data\]"'):
        Subwords.train(TEXTS)
