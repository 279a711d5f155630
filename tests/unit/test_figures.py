"""bertviz's views stand in a frame of their own."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
import torch
from attnbook.figures import bertviz_frame
from bertviz import head_view, model_view


def frame(view, **arguments):
    attention = [torch.rand(1, 2, 3, 3).softmax(-1) for _ in range(2)]
    return bertviz_frame(view, title='who "looks" <where>', attention=attention, tokens=["a", "b", "c"], **arguments)


class Attributes(HTMLParser):
    def handle_starttag(self, tag, attributes):
        self.tag, self.attributes = tag, dict(attributes)


@pytest.mark.parametrize("view", [head_view, model_view])
def test_a_frame_is_one_titled_element(view):
    parser = Attributes()
    parser.feed(frame(view)._repr_html_())
    assert parser.tag == "iframe"
    assert parser.attributes["title"] == 'who "looks" <where>'
    assert "requirejs" in parser.attributes["srcdoc"]


def test_equal_input_gives_equal_output():
    torch.manual_seed(0)
    first = frame(head_view)._repr_html_()
    torch.manual_seed(0)
    assert frame(head_view)._repr_html_() == first


def test_weights_are_rounded_and_selects_are_named():
    content = html.unescape(frame(head_view)._repr_html_())
    weights = re.search(r'"attn": (\[.*?\]\]\]\])', content).group(1)
    assert max(len(number.split(".")[1]) for number in re.findall(r"\d\.\d+", weights)) <= 3
    assert all("aria-label" in select for select in re.findall(r"<select[^>]*>", content))


@pytest.mark.parametrize("view", [head_view, model_view])
def test_a_token_cannot_end_the_script(view):
    tokens = ["</SCRIPT><b>", "<!--<script>", "<s>"]
    attention = [torch.rand(1, 2, 3, 3).softmax(-1)]
    content = bertviz_frame(view, title="t", attention=attention, tokens=tokens).content
    plain = bertviz_frame(view, title="t", attention=attention, tokens=["a", "b", "c"]).content
    marks = re.compile("<(?:/script|!--)", re.IGNORECASE)
    assert marks.findall(content) == marks.findall(plain)
    assert json.loads(re.search(r'"left_text": (\[.*?\])', content).group(1)) == tokens


def test_the_caller_s_weights_stay_as_they_were():
    weights = torch.rand(1, 1, 2, 2)
    before = weights.clone()
    bertviz_frame(head_view, title="t", attention=[weights], tokens=["a", "b"])
    assert torch.equal(weights, before)


def test_no_view_is_refused():
    with pytest.raises(TypeError, match=r"view must be bertviz\.head_view or bertviz\.model_view; got str"):
        bertviz_frame("head_view", title="t")
