"""SST-2, rt-polarity, waimai, Yelp-HAT: on small files made up here, and on the real ones where a mirror has them."""

import os
from itertools import combinations
from statistics import mean

import pytest
from attnbook.data import sentiment, yelp_hat
from attnbook.data.sentiment import load_rt_polarity, load_sst2, load_waimai
from attnbook.data.texts import LabelledText, split_folds
from attnbook.data.yelp_hat import MarkedReview, load_yelp_hat, parse_maps

needs_mirror = pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")
HEADER = "Input.label,Input.text,Answer.Q1Answer,Answer.html_output\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Let the loaders read files of this folder, whatever their sha256."""
    for module in (sentiment, yelp_hat):
        monkeypatch.setattr(module, "fetch", lambda dataset, name: tmp_path / name)
    return tmp_path


def answer(label, text, judgement, *spans):
    page = " ".join(spans).replace('"', '""')
    return f'{label},"{text}",{judgement},"{page} <span></span>"\n'


def test_sst2_has_three_files_without_a_header(place):
    for name, line in (("train", "a b\t1"), ("dev", "no\t0"), ("test", "c ' s\t1")):
        (place / f"{name}.tsv").write_text(line + "\n", encoding="utf-8")
    splits = load_sst2()
    assert splits.train == [LabelledText(("a", "b"), 1)]
    assert splits.validation == [LabelledText(("no",), 0)]
    assert splits.test == [LabelledText(("c", "'", "s"), 1)]


def test_rt_polarity_is_in_windows_1252_and_its_ellipsis_ends_no_line(place):
    (place / "rt-polarity.pos").write_bytes(b"clich\xe9s \x85 and still good . \nfine \x97 truly . \n")
    (place / "rt-polarity.neg").write_bytes(b"bad . \n")
    texts = load_rt_polarity()
    assert texts[0] == LabelledText(("clichés", "…", "and", "still", "good", "."), 1)
    assert texts[1].words == ("fine", "—", "truly", ".")
    assert [text.label for text in texts] == [1, 1, 0]


def test_waimai_is_cut_into_words(place):
    path = place / "waimai_10k.csv"
    path.write_text('label,review\n1,很快，好吃\n0,"难吃,太慢"\n', encoding="utf-8")
    texts = load_waimai()
    assert texts[0] == LabelledText(("很快", "，", "好吃"), 1)
    assert "".join(texts[1].words) == "难吃,太慢" and texts[1].label == 0
    path.write_text("label,review\n1,好吃\n3,难吃\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 3: the label must be one of 0 to 1; got '3'"):
        load_waimai()
    path.write_text("review,label\n好吃,1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="the columns must be label and review; got review, label"):
        load_waimai()
    path.write_bytes("label,review\n1,好吃\n".encode("gb18030"))
    with pytest.raises(ValueError, match=r"waimai_10k\.csv, line 2: byte 0x\w\w is not utf-8"):
        load_waimai()


def test_yelp_hat_marks_are_spans_of_the_class_active(place):
    text = "B&B  was\nfriendly."
    (place / "ham_part1(50words).csv").write_text(
        HEADER
        + answer(
            1, text, "yes", "<span>B&amp;B</span>", '<span class="">was</span>', '<span class="active">friendly.</span>'
        )
        + answer(1, text, "idk", "<span>B&amp;B</span>", "<span>was</span>", "<span>friendly.</span>")
        + answer(
            1,
            text,
            "",
            '<span class="active">B&amp;B</span>',
            '<span><i class="x">was</i></span>',
            "<span>friendly.</span>",
        )
        + answer(0, "No.", "no", '<span class="active">No.</span>'),
        encoding="utf-8",
    )
    (review,) = load_yelp_hat(50)  # the second text was marked by one person only
    assert review == MarkedReview(
        ("B&B", "was", "friendly."),
        1,
        maps=((False, False, True), (False, False, False), (True, False, False)),
        judgements=("yes", "idk", ""),
    )
    assert len(parse_maps(place / "ham_part1(50words).csv")) == 2
    with pytest.raises(ValueError, match="length must be 50 or 100 words; got 60"):
        load_yelp_hat(60)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (answer(1, "so good", "yes", "<span>so</span>"), "the marked words are not those of the text 'so good'"),
        (
            answer(1, "good", "yes", "<span>so</span>", "<span>good</span>"),
            "the marked words are not those of the text",
        ),
        (answer(5, "good", "yes", "<span>good</span>"), "the label must be one of 0 to 1; got '5'"),
    ],
)
def test_marks_that_are_refused(tmp_path, row, message):
    path = tmp_path / "maps.csv"
    path.write_text(HEADER + row, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        parse_maps(path)
    with pytest.raises(ValueError, match="2 words have 3 marks: so good"):
        MarkedReview(("so", "good"), 1, maps=((True, False), (True, False, True)), judgements=("yes", "no"))


@needs_mirror
def test_real_sst2():
    splits = load_sst2()
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [6920, 872, 1821]
    assert [sum(text.label for text in part) for part in (splits.train, splits.test)] == [3610, 909]
    assert splits.train[0].words[:4] == ("a", "stirring", ",", "funny")


@needs_mirror
def test_real_rt_polarity():
    texts = load_rt_polarity()
    assert len(texts) == 10662 and sum(text.label for text in texts) == 5331
    joined = " ".join(word for text in texts for word in text.words)
    assert "…" in joined and "ladrón" in joined and "\x85" not in joined
    split = split_folds(texts, 3)
    assert (len(split.train), len(split.validation), len(split.test)) == (8530, 1066, 1066)
    assert sum(text.label for text in split.test) == 533


@needs_mirror
def test_real_waimai():
    texts = load_waimai()
    assert len(texts) == 11987 and sum(text.label for text in texts) == 4000
    assert texts[0].words[:3] == ("很快", "，", "好吃")
    assert all(text.label for text in texts[:4000])  # sorted: without shuffling, a split would hold one label


@needs_mirror
@pytest.mark.parametrize(("length", "count", "agreement"), [(50, 300, 0.535), (100, 437, 0.450)])
def test_people_agree_on_the_real_yelp_hat_as_is_known(length, count, agreement):
    reviews = load_yelp_hat(length)
    assert len(reviews) == count
    assert all(len(review.words) == length and len(review.maps) == 3 for review in reviews)
    pairs = [pair for review in reviews for pair in combinations(review.maps, 2)]

    def f1(first, second):
        both = sum(a and b for a, b in zip(first, second, strict=True))
        return 2 * both / max(1, sum(first) + sum(second))

    assert mean(f1(*pair) for pair in pairs) == pytest.approx(agreement, abs=5e-4)
