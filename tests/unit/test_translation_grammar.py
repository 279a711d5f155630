"""The generated Chinese-English corpus: right by hand, without noise, the same everywhere, cut cleanly."""

import tomllib
from importlib import resources

import pytest
from attnbook.data.translation import (
    HELD_OUT,
    construction_names,
    parse,
    sample_pairs,
    translation_splits,
)
from attnbook.data.translation_grammar import load_grammar, realise
from attnbook.data.translation_rules import RuleBook, is_phrase
from hypothesis import given
from hypothesis import strategies as st

DATA = resources.files("attnbook.data.files")

# Chinese | English | the words that belong together, written down by hand.
BY_HAND = """
我 喜欢 食物 | i like food | 我-i 喜欢-like 食物-food
他 昨天 在 家 看 了 一 本 书 | he read a book at home yesterday | \
他-he 昨天-yesterday 在-at 家-home 看-read 一-a 书-book
她 昨天 看 了 两 部 电影 | she watched two movies yesterday | 她-she 昨天-yesterday 看-watched 两-two 电影-movies
小红 吃 了 一 个 苹果 | xiaohong ate an apple | 小红-xiaohong 吃-ate 一-an 苹果-apple
我 妈妈 每天 在 五 号 教室 上课 | my mother has class in classroom five every day | \
我-my 妈妈-mother 每天-every 每天-day 在-in 五-five 教室-classroom 上课-has 上课-class
我 把 书 放 在 了 桌子 上 | i put the book on the table | 我-i 书-book 放-put 在-on 上-on 桌子-table
他 把 礼物 送 给 了 老师 | he gave the gift to the teacher | 他-he 礼物-gift 送-gave 给-to 老师-teacher
衣服 被 他 洗干净 了 | the clothes were cleaned by him | 衣服-clothes 被-by 他-him 洗干净-cleaned
手机 被 偷走 了 | the phone was stolen | 手机-phone 被-was 偷走-stolen
苹果 没 被 她 吃完 | the apple was not finished by her | 苹果-apple 没-not 被-by 她-her 吃完-finished
我 昨天 买 的 书 很 有趣 | the book that i bought yesterday is interesting | 我-i 昨天-yesterday 买-bought 书-book \
有趣-interesting
穿 着 一 件 红色 的 大衣 的 女孩 是 学生 | the girl who is wearing a red coat is a student | 穿-wearing 一-a 红色-red \
大衣-coat 女孩-girl 是-is 学生-student
老师 的 狗 不 大 | the teacher 's dog is not big | 老师-teacher 的-'s 狗-dog 不-not 大-big
他们 不 吃 牛肉 | they do not eat beef | 他们-they 不-not 吃-eat 牛肉-beef
她 没 来 | she did not come | 她-she 没-not 来-come
你 喜欢 茶 吗 | do you like tea | 你-you 喜欢-like 茶-tea
你 忙 吗 | are you busy | 你-you 忙-busy
谁 会 说 中文 | who can speak chinese | 谁-who 会-can 说-speak 中文-chinese
你 想 吃 什么 | what do you want to eat | 你-you 想-want 想-to 吃-eat 什么-what
他们 昨天 去 了 哪里 | where did they go yesterday | 他们-they 昨天-yesterday 去-go 哪里-where
你 在 等 谁 | who are you waiting for | 你-you 在-are 等-waiting 等-for 谁-who
我 去 过 北京 | i have been to beijing | 我-i 去-been 北京-beijing
她 没 吃 过 饺子 | she has never eaten dumplings | 她-she 没-never 吃-eaten 饺子-dumplings
他们 正在 打 篮球 | they are playing basketball | 他们-they 正在-are 打-playing 篮球-basketball
小明 在 椅子 上 坐 着 | xiaoming is sitting on the chair | 小明-xiaoming 在-on 上-on 椅子-chair 坐-sitting
明天 我 会 坐 火车 去 上海 | i will go to shanghai by train tomorrow | 明天-tomorrow 我-i 会-will 坐-by 火车-train \
去-go 上海-shanghai
他 明天 不 会 游泳 | he will not swim tomorrow | 他-he 明天-tomorrow 不-not 会-will 游泳-swim
我 会 游泳 | i can swim | 我-i 会-can 游泳-swim
桌子 上 有 三 本 书 | there are three books on the table | 桌子-table 上-on 有-are 三-three 书-books
我 没有 钱 | i do not have money | 我-i 没有-not 没有-have 钱-money
小明 比 他 高 | xiaoming is taller than him | 小明-xiaoming 比-than 他-him 高-taller
老师们 都 喜欢 音乐 | the teachers all like music | 老师们-teachers 都-all 喜欢-like 音乐-music
我们 去 公园 吧 | let us go to the park | 我们-us 去-go 公园-park 吧-let
请 把 门 打开 | please open the door | 请-please 门-door 打开-open
王 医生 跟 我 哥哥 一起 喝 了 一 杯 咖啡 | doctor wang drank a cup of coffee with my older brother | \
王-wang 医生-doctor 跟-with 我-my 哥哥-older 哥哥-brother 一起-with 喝-drank 一-a 杯-cup 咖啡-coffee
他 在 中国 住 了 三 年 | he lived in china for three years | 他-he 在-in 中国-china 住-lived 三-three 年-years
因为 下雨 了 ， 所以 我 没 跑步 | because it rained , i did not run | 因为-because 下雨-rained ，-, 我-i 没-not 跑步-run
如果 明天 下雨 ， 我 就 会 学习 | if it rains tomorrow , i will study | \
如果-if 明天-tomorrow 下雨-rains ，-, 我-i 会-will 学习-study
我 看 书 的 时候 ， 她 常常 唱歌 | when i read books , she often sings | \
我-i 看-read 书-books 时候-when ，-, 她-she 常常-often 唱歌-sings
他 回家 了 ， 然后 她 哭 了 | he went home , then she cried | 他-he 回家-went 回家-home ，-, 然后-then 她-she 哭-cried
我 知道 小丽 买 了 面包 | i know xiaoli bought bread | 我-i 知道-know 小丽-xiaoli 买-bought 面包-bread
"""
CASES = [[side.strip() for side in line.split("|")] for line in BY_HAND.strip().splitlines()]


@pytest.fixture(scope="module")
def pairs():
    return sample_pairs(4000, clauses=(1, 4), seed=1)


@pytest.mark.parametrize(("source", "target", "links"), CASES, ids=[case[0] for case in CASES])
def test_translation_and_links_by_hand(source, target, links):
    pair = parse(source.split())
    assert pair is not None
    assert " ".join(pair.target) == target
    linked = {f"{pair.source[i]}-{pair.target[j]}" for i, j in pair.links}
    assert linked == set(links.split())


def test_each_sentence_has_one_translation(pairs):
    grammar = load_grammar()
    for pair in pairs[:800]:
        said = {(found.target, found.links) for found in map(realise, grammar.parse("SENTENCE", pair.source))}
        assert said == {(pair.target, pair.links)}
        assert parse(pair.source).num_clauses == pair.num_clauses


def test_links_lie_inside_the_sentences(pairs):
    for pair in pairs:
        assert all(0 <= i < len(pair.source) and 0 <= j < len(pair.target) for i, j in pair.links)
        assert "" not in pair.source + pair.target


def test_it_is_wide_enough_to_be_a_language(pairs):
    assert len({word for pair in pairs for word in pair.source}) >= 300
    assert len({word for pair in pairs for word in pair.target}) >= 300
    assert {name for pair in pairs for name in pair.constructions} == construction_names()
    crossed = [pair for pair in pairs if any(i < k and j > m for i, j in pair.links for k, m in pair.links)]
    assert len(crossed) / len(pairs) > 0.7


def test_every_word_of_the_files_can_be_drawn():
    rules = load_grammar().book.reachable("SENTENCE")
    words = {word for rule in rules for word in rule.source if not is_phrase(word)}
    drawn = {word for pair in sample_pairs(15000, clauses=(1, 2), seed=3) for word in pair.source}
    assert words == drawn


def test_every_table_of_the_files_is_used():
    phrases = {"SENTENCE"} | {name for rule in load_grammar().book.reachable("SENTENCE") for name in rule.phrases}
    used = {name for phrase in phrases for name in (phrase, phrase.split(".")[0], phrase.split("[")[0] + "[X]")}
    files = [DATA / f"translation_{name}.toml" for name in ("lexicon", "grammar")]
    tables = {name for file in files for name in tomllib.loads(file.read_text(encoding="utf-8"))}
    assert tables - {"helper"} <= used


def test_articles_and_verbs_agree(pairs):
    wrong = {"i": "is are has does were", "he": "am are have do were", "she": "am are have do were"}
    wrong |= {"we": "am is was has does", "they": "am is was has does"}
    for pair in pairs:
        for before, word, following in zip(("", *pair.target), pair.target, pair.target[1:], strict=False):
            if word in {"a", "an"}:
                assert (word == "an") == (following[0] in "aeiou")
            if before != "and":  # "tom and i are"
                assert following not in wrong.get(word, "").split()


@given(seed=st.integers(0, 10**6), fewest=st.integers(1, 6), more=st.integers(0, 6))
def test_a_seed_decides_everything(seed, fewest, more):
    clauses = (fewest, fewest + more)
    drawn = sample_pairs(5, clauses=clauses, seed=seed)
    assert drawn == sample_pairs(9, clauses=clauses, seed=seed)[:5]
    assert len({pair.source for pair in drawn}) == 5
    for pair in drawn:
        assert fewest <= pair.num_clauses == pair.source.count("，") + 1 <= fewest + more


def test_seeds_differ():
    assert sample_pairs(5, seed=0) != sample_pairs(5, seed=1)


def test_all_numbers_of_clauses_are_equally_frequent():
    counts = [pair.num_clauses for pair in sample_pairs(3000, clauses=(1, 6))]
    for number in range(1, 7):
        assert counts.count(number) / 3000 == pytest.approx(1 / 6, abs=0.03)


def test_splits_share_no_sentence_and_hold_out_combinations():
    splits = translation_splits(4, train=2000, valid=200, test=300, held_out=60)
    parts = [splits.train, splits.valid, splits.test, splits.held_out]
    assert [len(part) for part in parts] == [2000, 200, 300, 60]
    assert len({pair.source for part in parts for pair in part}) == 2560
    for pair in splits.train + splits.valid + splits.test:
        assert not any(combination <= pair.constructions for combination in HELD_OUT)
    for combination in HELD_OUT:
        assert any(combination <= pair.constructions for pair in splits.held_out)
        for name in combination:
            assert any(name in pair.constructions for pair in splits.train)
    assert all(pair.num_clauses == 1 for pair in splits.held_out)
    known = {word for pair in translation_splits(4, train=8000, held_out=0).train for word in pair.source}
    assert {word for pair in splits.held_out for word in pair.source} <= known


def test_without_leaves_a_combination_out():
    drawn = sample_pairs(400, without=[{"ba"}, {"passive", "negation"}])
    assert not any("ba" in pair.constructions for pair in drawn)
    assert not any({"passive", "negation"} <= pair.constructions for pair in drawn)
    assert any("passive" in pair.constructions for pair in drawn)


@pytest.mark.parametrize(
    "source", ["", "食物", "我 喜欢 龙", "喜欢 我 食物", "我 喜欢 食物 ，", "i like food", "两 本 书 被"]
)
def test_what_is_no_sentence_has_no_translation(source):
    assert parse(source.split()) is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sample_pairs(-1), ValueError, "count must be 0 or more; got -1"),
        (lambda: sample_pairs(2.5), TypeError, "count must be an integer, 0 or more; got 2.5"),
        (lambda: sample_pairs(1, seed="a"), TypeError, "seed must be an integer, 0 or more; got 'a'"),
        (lambda: sample_pairs(1, clauses=(0, 2)), ValueError, "clauses must be 1 or more; got 0"),
        (lambda: sample_pairs(1, clauses=(3, 2)), ValueError, r"clauses must rise, and lie between 1 and 12; got \(3"),
        (lambda: sample_pairs(1, clauses=(1, 13)), ValueError, "lie between 1 and 12"),
        (lambda: sample_pairs(1, clauses=3), TypeError, "clauses must be two integers, fewest and most; got 3"),
        (lambda: sample_pairs(1, without=["bei"]), ValueError, "unknown construction 'bei'; allowed: ba, "),
        (lambda: sample_pairs(1, without=[()]), ValueError, "a combination without a construction; allowed: ba, "),
        (lambda: translation_splits(train=-5), ValueError, "train must be 0 or more; got -5"),
        (lambda: parse("我喜欢食物"), TypeError, "source must be a sequence of words; got the string '我喜欢食物'"),
        (lambda: load_grammar().book.rules("ROCK"), KeyError, "the translation grammar has no phrase ROCK"),
    ],
)
def test_errors_say_what_came_and_what_is_allowed(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_rule_is_read_as_its_line_says():
    book = RuleBook(
        {
            "helper": {"do": "do/does/did/done/doing"},
            "THING": {"本": {"书": "book/books"}, "水": "water"},
            "COUNT[X]": {"measure word": {"三 M X.M": "three~三 X.M:plural @pl %2"}},
        }
    )
    (rule,) = book.rules("COUNT[THING]")
    assert rule.source == ("三", "本", "THING.本") and rule.phrases == ("THING.本",)
    assert rule.construction == "measure word" and rule.number == "pl" and rule.weight == 2
    word, phrase = rule.target
    assert word.words == ("three",) and word.links == (0,)
    assert phrase.phrase == 0 and phrase.form == "plural"
    assert [entry.target[0].words for entry in book.rules("THING")] == [("book", "books"), ("water",)]
