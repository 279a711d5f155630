"""Loaders: on small files made up here, and on the real ones where a mirror has them."""

import gzip
import os
import subprocess
import sys

import pytest
from attnbook.data import gold_alignments, multi30k, tatoeba
from attnbook.data.download import fetch, is_intact
from attnbook.data.gold_alignments import load_gold_alignments, parse_links
from attnbook.data.multi30k import load_multi30k
from attnbook.data.registry import registry
from attnbook.data.sentence_pairs import SentencePair, split_pairs
from attnbook.data.tatoeba import chinese_words, english_words, load_tatoeba
from hypothesis import given
from hypothesis import strategies as st

needs_mirror = pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Let the loaders read files of this folder, whatever their sha256."""
    for module in (gold_alignments, multi30k, tatoeba):
        monkeypatch.setattr(module, "fetch", lambda dataset, name: tmp_path / name)
    return tmp_path


def test_multi30k_pairs_lines_of_two_languages(place):
    for split in ("train", "val", "test_2016_flickr"):
        for language, text in (("de", "Ein Hund.\nZwei\u2028Hunde. \n"), ("en", f"A dog.\nTwo dogs in {split}.\n")):
            with gzip.open(place / f"{split}.{language}.gz", "wt", encoding="utf-8") as file:
                file.write(text)
    splits = load_multi30k("de-en")
    assert splits.train == [SentencePair("Ein Hund.", "A dog."), SentencePair("Zwei\u2028Hunde.", "Two dogs in train.")]
    assert splits.validation[1].target == "Two dogs in val."
    assert load_multi30k("en-de").test[1] == SentencePair("Two dogs in test_2016_flickr.", "Zwei\u2028Hunde.")
    with pytest.raises(ValueError, match="unknown pair 'de-de'; allowed: de-en, de-fr, en-de, en-fr, fr-de, fr-en"):
        load_multi30k("de-de")


def test_tatoeba_keeps_the_attribution(place):
    (place / "cmn.txt").write_text("Hi.\t嗨。\tCC-BY (a) & (b)\nRun.\t跑\u0085！\tCC-BY (c)\n", encoding="utf-8")
    assert load_tatoeba() == [
        SentencePair("嗨。", "Hi.", "CC-BY (a) & (b)"),
        SentencePair("跑\u0085！", "Run.", "CC-BY (c)"),
    ]


def test_gold_links_count_from_0_and_sure_ones_are_possible(place):
    (place / "zhen.src-tgt").write_text("我 喜欢 食物 ||| i like food\n好 ||| good\n", encoding="utf-8")
    (place / "zhen.gold").write_text("1-1 2-2 3p2 3-3\n\n")
    (place / "zhen.awesome-align.out").write_text("0-0 2-1\n0-0\n")
    gold = load_gold_alignments("zh-en")
    assert gold.sources == [["我", "喜欢", "食物"], ["好"]] and gold.targets == [["i", "like", "food"], ["good"]]
    assert gold.sure == [{(0, 0), (1, 1), (2, 2)}, set()]
    assert gold.possible == [{(0, 0), (1, 1), (2, 2), (2, 1)}, set()]
    assert gold.system == [{(0, 0), (2, 1)}, {(0, 0)}]
    with pytest.raises(ValueError, match="unknown pair 'en-zh'; allowed: zh-en, en-fr"):
        load_gold_alignments("en-zh")


@pytest.mark.parametrize("mark", ["1:2", "1-", "p3", "0-1", "1-2-3", "a-1", "-1-1"])
def test_what_is_no_link(mark):
    with pytest.raises(ValueError, match=f"'{mark}' is no link: two word numbers from 1 on"):
        parse_links(f"1-1 {mark}", first=1)


def test_english_words():
    words = english_words("He didn't see Tom’s 1,500 well-known U.S. cars; can't we?")
    assert " ".join(words) == "he did n't see tom 's 1,500 well-known u.s. cars ; ca n't we ?"


def test_chinese_words():
    assert chinese_words("我喜欢食物 。") == ["我", "喜欢", "食物", "。"]
    assert "".join(chinese_words("雖然我被公司解雇了")) == "雖然我被公司解雇了"


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=10, max_size=60), st.integers(0, 3))
def test_no_sentence_stands_in_two_splits(numbers, seed):
    pairs = [SentencePair(f"s{source}", f"t{target}") for source, target in dict.fromkeys(numbers)]
    try:
        splits = split_pairs(pairs, validation=2, test=2, seed=seed)
    except ValueError as error:
        assert "leave no 2 + 2 pairs apart" in str(error) or "nothing to train on" in str(error)
        return
    parts = (splits.train, splits.validation, splits.test)
    assert (len(splits.validation), len(splits.test)) == (2, 2)
    assert sorted(pair for part in parts for pair in part) == sorted(pairs)
    for side in ("source", "target"):
        sentences = [{getattr(pair, side) for pair in part} for part in parts]
        assert not any(sentences[a] & sentences[b] for a, b in ((0, 1), (0, 2), (1, 2)))


def test_splits_depend_on_the_seed_alone():
    pairs = [SentencePair(str(number), f"{number}!") for number in range(100)]
    assert split_pairs(pairs, validation=10, test=10) == split_pairs(pairs, validation=10, test=10)
    assert split_pairs(pairs, validation=10, test=10) != split_pairs(pairs, validation=10, test=10, seed=1)
    with pytest.raises(ValueError, match="validation=60 and test=40 leave nothing to train on of 100 pairs"):
        split_pairs(pairs, validation=60, test=40)
    one_group = [SentencePair("a", str(number)) for number in range(9)]
    with pytest.raises(ValueError, match=r"leave no 1 \+ 1 pairs apart"):
        split_pairs(one_group, validation=1, test=1)


@needs_mirror
@pytest.mark.parametrize("dataset", registry().values(), ids=lambda dataset: dataset.name)
def test_real_files_are_those_of_the_registry(dataset):
    for name, file in dataset.files.items():
        path = fetch(dataset, name)
        assert path.stat().st_size == file.bytes and is_intact(path, file)


@needs_mirror
@pytest.mark.parametrize("pair", ["de-en", "fr-en", "en-de"])
def test_real_multi30k(pair):
    splits = load_multi30k(pair)
    assert [len(split) for split in (splits.train, splits.validation, splits.test)] == [29000, 1014, 1000]
    german = {"de-en": splits.test[0].source, "en-de": splits.test[0].target}
    if pair in german:
        assert german[pair] == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."
    assert all(pair.source and pair.target for pair in splits.train)


@needs_mirror
def test_real_tatoeba():
    pairs = load_tatoeba()
    assert len(pairs) == 26388 and pairs[0].target == "Hi."
    assert all("tatoeba.org" in pair.attribution for pair in pairs)
    splits = split_pairs(pairs, validation=500, test=1000)
    seen = {sentence for pair in (*splits.train, *splits.validation) for sentence in (pair.source, pair.target)}
    assert len(splits.test) == 1000 and not any({pair.source, pair.target} & seen for pair in splits.test)


@needs_mirror
@pytest.mark.parametrize(("pair", "count"), [("zh-en", 450), ("en-fr", 447)])
def test_real_gold_links_lie_inside_their_sentences(pair, count):
    gold = load_gold_alignments(pair)
    assert len(gold.sources) == len(gold.targets) == len(gold.sure) == len(gold.possible) == len(gold.system) == count
    for source, target, possible, system in zip(gold.sources, gold.targets, gold.possible, gold.system, strict=True):
        assert all(i < len(source) and j < len(target) for i, j in possible | system)
    # Words of the first and the last place are linked: counted from 1, none would be at 0.
    assert any((0, 0) in sure for sure in gold.sure)


def test_loaders_load_their_packages_when_they_are_used(monkeypatch):
    modules = ("command", "gold_alignments", "multi30k", "tatoeba", "vocabulary", "subwords", "batching")
    imports = "; ".join(f"import attnbook.data.{module}" for module in modules)
    heavy = {"pooch", "requests", "jieba", "tokenizers", "sacrebleu"}
    code = f"import sys; {imports}; import attnbook.metrics.translation; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    tatoeba._segmenter.cache_clear()
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(ImportError, match=r'pip install "attnbook\[data\]"'):
        chinese_words("我")
