"""Translators against the papers' formulas, written out sentence by sentence, word by word."""

import math

import pytest
import torch
from attnbook import record_attention
from translation_cases import KINDS, make, sentences


def gru_cell(x, h, weights):
    input_matrix, state_matrix, input_bias, state_bias = weights
    from_input, from_state = (input_matrix @ x + input_bias).chunk(3), (state_matrix @ h + state_bias).chunk(3)
    reset, update = (torch.sigmoid(from_input[i] + from_state[i]) for i in range(2))
    return (1 - update) * torch.tanh(from_input[2] + reset * from_state[2]) + update * h


def lstm_cell(x, h, c, weights):
    input_matrix, state_matrix, input_bias, state_bias = weights
    enter, forget, new, leave = (input_matrix @ x + input_bias + state_matrix @ h + state_bias).chunk(4)
    c = torch.sigmoid(forget) * c + torch.sigmoid(enter) * torch.tanh(new)
    return torch.sigmoid(leave) * torch.tanh(c), c


def weights_of(rnn, layer=0, suffix=""):
    return [getattr(rnn, f"{name}_l{layer}{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def walk(rnn, words, layer, suffix):
    """States of one layer and direction at every word, and the last hidden state and cell."""
    h = c = torch.zeros(rnn.hidden_size).double()
    states = []
    for x in words:
        if isinstance(rnn, torch.nn.LSTM):
            h, c = lstm_cell(x, h, c, weights_of(rnn, layer, suffix))
        else:
            h = gru_cell(x, h, weights_of(rnn, layer, suffix))
        states.append(h)
    return states, h, c


def read(encoder, words):
    """States [h→; h←] of one sentence without padding; last hidden states and cells of every layer."""
    states, hidden, cells = list(encoder.embedding.weight[words]), [], []
    for layer in range(encoder.rnn.num_layers):
        forward, last_forward, cell_forward = walk(encoder.rnn, states, layer, "")
        backward, last_backward, cell_backward = walk(encoder.rnn, states[::-1], layer, "_reverse")
        states = [torch.cat(pair) for pair in zip(forward, backward[::-1], strict=True)]
        hidden.append(torch.cat([last_forward, last_backward]))
        cells.append(torch.cat([cell_forward, cell_backward]))
    return states, hidden, cells


def softmax(scores):
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


def maxout(model, *parts):
    layer = model.readout.projection
    features = layer.weight @ torch.cat(parts) + layer.bias
    half = len(features) // 2
    return torch.stack([max(features[j], features[j + half]) for j in range(half)])


def fixed_vector(model, words, target):
    _, (context,), _ = read(model.encoder, words)
    s = torch.tanh(model.bridge.weight @ context + model.bridge.bias)
    for word in target:
        y = model.target_embedding.weight[word]
        s = gru_cell(torch.cat([y, context]), s, weights_of(model.rnn))
        yield maxout(model, y, s, context), None


def rnnsearch(model, words, target):
    annotations, _, _ = read(model.encoder, words)
    backward_first = annotations[0][len(annotations[0]) // 2 :]
    s = torch.tanh(model.bridge.weight @ backward_first + model.bridge.bias)
    query, key = model.score.query_projection, model.score.key_projection
    gates = torch.cat([model.word_gates.weight, model.context_gates.weight], dim=1)
    gru = gates, model.state_gates.weight, model.word_gates.bias, model.state_gates.bias
    for word in target:
        y = model.target_embedding.weight[word]
        asked = query.weight @ s + query.bias  # of the state before the word
        weights = softmax([model.score.energy.weight[0] @ torch.tanh(asked + key.weight @ h) for h in annotations])
        context = sum(weight * h for weight, h in zip(weights, annotations, strict=True))
        s = gru_cell(torch.cat([y, context]), s, gru)
        yield maxout(model, y, s, context), weights


def luong_score(model, kind, h, source, position, covered):
    if kind == "dot":
        return h @ source
    if kind == "general":
        return source @ model.score.projection.weight @ h
    if kind == "location":
        return model.score.projection.weight[position] @ h
    inside = model.score.query_projection.weight @ h + model.score.query_projection.bias
    inside = inside + model.score.key_projection.weight @ source
    if model.coverage is not None:
        inside = inside + model.coverage.weight[:, 0] * covered
    return model.score.energy.weight[0] @ torch.tanh(inside)


def luong(model, words, target, kind):
    source, hidden, cells = read(model.encoder, words)
    attentional, covered = torch.zeros(len(source[0])).double(), [0.0] * len(source)
    for t, word in enumerate(target):
        x = model.target_embedding.weight[word]
        if model.input_feeding:
            x = torch.cat([x, attentional])
        for layer in range(model.rnn.num_layers):
            hidden[layer], cells[layer] = lstm_cell(x, hidden[layer], cells[layer], weights_of(model.rnn, layer))
            x = hidden[layer]
        seen, centre, width = range(len(source)), t, model.half_width
        if model.window == "local-p":
            centre = len(source) * torch.sigmoid(model.place[2].weight[0] @ torch.tanh(model.place[0].weight @ x))
        if model.window:
            seen = [s for s in seen if centre - width <= s <= centre + width]
        allowed = softmax([luong_score(model, kind, x, source[s], s, covered[s]) for s in seen])
        weights = [0.0] * len(source)
        for s, weight in zip(seen, allowed, strict=True):
            if model.window == "local-p":
                weight *= math.exp(-((s - centre) ** 2) / (2 * (width / 2) ** 2))
            weights[s] = weight
        context = sum(weight * state for weight, state in zip(weights, source, strict=True))
        attentional = torch.tanh(model.combine.weight @ torch.cat([context, x]))
        covered = [so_far + weight for so_far, weight in zip(covered, weights, strict=True)]
        yield attentional, weights


def steps_of(kind, model, words, target):
    name, options = KINDS[kind]
    if name in ("fixed_vector", "rnnsearch"):
        return {"fixed_vector": fixed_vector, "rnnsearch": rnnsearch}[name](model, words, target)
    return luong(model, words, target, options.get("score", name[6:] if name.startswith("luong-") else "general"))


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_every_step_is_the_papers(kind):
    model, (source, lengths, target) = make(kind), sentences()
    with record_attention(None) as maps:
        torch.nn.functional.scaled_dot_product_attention(*torch.randn(3, 1, 1, 1))  # so that something is recorded
        logits = model(source, lengths, target)
    maps = [found for name in maps for found in maps.calls(name) if found.shape[1:] == (5, 6)]
    for sentence, length in enumerate(lengths.tolist()):
        steps = steps_of(kind, model, source[sentence, :length], target[sentence, :-1])
        for t, (features, weights) in enumerate(steps):
            expected = model.output.weight @ features + model.output.bias
            torch.testing.assert_close(logits[sentence, t], expected, atol=1e-12, rtol=1e-12)
            if weights is None:
                assert not maps
            else:
                expected = torch.tensor([*map(float, weights), *[0.0] * (6 - length)], dtype=torch.float64)
                torch.testing.assert_close(maps[0][sentence, t], expected, atol=1e-12, rtol=1e-12)
