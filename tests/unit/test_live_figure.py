"""A live figure in Python: one output for three homes, and a state that is checked."""

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser

import attnbook.figures
import attnbook.figures.live_figure
import numpy as np
import pytest
import torch
from attnbook.figures import figure, figure_names

ALT = 'One query & four keys, "live" <in the page>'


def qkv(**state):
    return figure("query-key-value", alt=ALT, **state)


class Placeholder(HTMLParser):
    """Takes a placeholder apart."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.inside = [], {}, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = dict(attributes).get("class", tag)

    def handle_data(self, data):
        self.texts[self.inside] = self.texts.get(self.inside, "") + data


@pytest.mark.parametrize("name", figure_names())
def test_one_output_holds_the_widget_and_the_placeholder(name):
    data, _ = figure(name, alt=ALT)._repr_mimebundle_()
    assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} == set(data)
    placeholder = Placeholder(data["text/html"])
    tag, attributes = placeholder.elements[0]
    assert (tag, attributes["data-figure"], attributes["data-state"]) == ("div", name, "waiting")
    wide, narrow = attnbook.figures.definition(name)["schema"]["x-heights"]
    assert attributes["style"] == f"--height-wide: {wide}px; --height-narrow: {narrow}px"
    posters = [given for _, given in placeholder.elements if given.get("class") == "poster"]
    assert [(given["role"], given["aria-label"]) for given in posters] == [("img", ALT)]
    assert [tag for tag, _ in placeholder.elements].count("svg") >= 1
    model = json.loads(placeholder.texts["state"])
    assert model["alt"] == ALT
    assert model["state"] == {
        key: about["default"] for key, about in attnbook.figures.definition(name)["schema"]["properties"].items()
    }


def test_equal_figures_give_equal_outputs_and_say_what_they_are():
    assert qkv().placeholder() == qkv().placeholder()
    assert repr(qkv()) == f"figure('query-key-value', alt={ALT!r})"


def test_a_state_with_a_poster_of_its_own_shows_it():
    posters = attnbook.figures.definition("query-key-value")["posters"]
    for poster in posters:
        assert poster["html"] in qkv(**poster["state"]).placeholder()
    assert len({poster["html"] for poster in posters}) > 1


def test_the_alt_text_cannot_end_the_script_element():
    shown = figure("query-key-value", alt="</script><script>alert(1)</script>").placeholder()
    assert shown.count("<script") == 1


def test_tensors_and_arrays_are_taken_and_the_state_is_read_only():
    shown = qkv(query=torch.tensor([1.0, 2.0]), values=np.ones((4, 2)), temperature=np.float64(0.5))
    assert shown.state["query"] == (1.0, 2.0)
    assert shown.state["temperature"] == 0.5
    with pytest.raises(TypeError, match="does not support item assignment"):
        shown.state["temperature"] = 1.0
    with pytest.raises(TypeError, match="does not support item assignment"):
        shown.state["query"][0] = 1.0


@pytest.mark.parametrize("number", [Fraction(1, 2), Decimal("0.5"), np.longdouble(0.5), torch.tensor(0.5)])
def test_every_kind_of_number_is_taken(number):
    shown = qkv(temperature=number)
    assert json.loads(json.dumps(shown.get_state()["state"]))["temperature"] == 0.5


def test_assigning_changes_what_is_given_and_keeps_the_rest():
    shown = qkv(temperature=0.5)
    shown.state = {"query": [0, 1]}
    assert (shown.state["query"], shown.state["temperature"]) == ((0, 1), 0.5)


def test_the_browser_s_state_arrives_and_is_not_sent_back(monkeypatch):
    shown, sent = qkv(), []
    monkeypatch.setattr(shown, "_send", lambda message, buffers=None: sent.append(message))
    state = json.loads(json.dumps({**shown.get_state()["state"], "temperature": 0.25}))
    shown.set_state({"state": state})
    assert shown.state["temperature"] == 0.25
    assert [message for message in sent if message["method"] == "update"] == []


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"temprature": 1}, ValueError, "has query, keys, values, temperature, score; got 'temprature'"),
        ({"temperature": 0}, ValueError, "temperature of query-key-value: 0 is less than the minimum of 0.05"),
        ({"temperature": "hot"}, ValueError, "'hot' is not of type 'number'"),
        ({"temperature": float("nan")}, ValueError, "finite numbers; got nan"),
        ({"temperature": True}, ValueError, "True is not of type 'number'"),
        ({"query": [0, float("inf")]}, ValueError, "finite numbers; got inf"),
        ({"query": [0]}, ValueError, r"\[0\] is too short"),
        ({"keys": [[0, 0], [0, 9], [0, 0], [0, 0]]}, ValueError, r"keys\[1\]\[1\] of .*9 is greater than the maximum"),
        ({"score": "hard"}, ValueError, "'hard' is not one of"),
        ({"score": object()}, ValueError, "is not one of"),
        ({"temperature": 1j}, TypeError, "not 'complex'"),
        ({"temperature": Decimal("NaN")}, ValueError, "finite numbers; got nan"),
        ({"query": "<b>🐍</b>" * 10_000}, ValueError, r"^.{150,400} is not of type 'array'$"),
        ({"keys": [[0, 0]] * 100_000}, ValueError, r"^.{150,400} is too long$"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_the_old_one_stays(state, error, message):
    with pytest.raises(error, match=message):
        qkv(**state)
    shown = qkv()
    before = shown.state
    with pytest.raises(error, match=message):
        shown.state = state
    assert shown.state == before


def test_a_state_that_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match=r"state must be a mapping.*; got list"):
        qkv().state = [1]


@pytest.mark.parametrize(
    ("name", "alt", "message"),
    [
        ("query", ALT, "name must be one of masks, point, query-key-value, square-root-of-d, translate; got 'query'"),
        ("../bundles/masks", ALT, "name must be one of"),
        ("masks", " ", "alt must be a text that says what the figure shows; got ' '"),
        ("masks", None, "alt must be a text"),
    ],
)
def test_an_unknown_figure_and_an_empty_alt_text_are_refused(name, alt, message):
    with pytest.raises(ValueError, match=message):
        figure(name, alt=alt)


def test_weights_go_to_the_widget_and_are_named_in_the_page(monkeypatch, tmp_path):
    about = attnbook.figures.definition("masks")
    about = {**about, "schema": {**about["schema"], "x-weights": "small.safetensors"}}
    monkeypatch.setattr(attnbook.figures.live_figure, "definition", lambda name: about)
    monkeypatch.setattr(attnbook.figures.live_figure, "WEIGHTS", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"small\.safetensors"):
        figure("masks", alt=ALT)
    (tmp_path / "small.safetensors").write_bytes(b"weights")
    shown = figure("masks", alt=ALT)
    assert shown.weights == b"weights"
    assert 'data-weights="small.safetensors"' in shown.placeholder()


def test_frames_need_no_widgets():
    code = "import sys, attnbook.figures; sys.exit('anywidget' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
