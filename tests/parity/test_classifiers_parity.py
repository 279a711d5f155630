"""Classifiers against the papers' formulas, written out text by text, word by word."""

import pytest
import torch
from classification_cases import documents, make, make_hierarchical, texts


def states_of(both, vectors):
    """States [h→; h←] of one sequence, by torch's cells, one step at a time."""
    found = []
    for rnn, order in ((both.forward_rnn, vectors), (both.backward_rnn, vectors.flip(0))):
        cell_kind = torch.nn.LSTMCell if isinstance(rnn, torch.nn.LSTM) else torch.nn.GRUCell
        cell = cell_kind(rnn.input_size, rnn.hidden_size).double()
        cell.load_state_dict({name.removesuffix("_l0"): tensor for name, tensor in rnn.state_dict().items()})
        state, walked = None, []
        for vector in order:
            state = cell(vector[None], state)
            walked.append(state[0][0] if isinstance(state, tuple) else state[0])
        found.append(torch.stack(walked))
    return torch.cat([found[0], found[1].flip(0)], dim=-1)


def weigh(scores, states):
    weights = scores.exp() / scores.exp().sum()
    return (weights[:, None] * states).sum(0), weights


def additive(pooling, states):
    linear = pooling.projection[0]
    return torch.tanh(states @ linear.weight.T + linear.bias) @ pooling.query[0]


@pytest.mark.parametrize("kind", ["DP", "DP, additive", "DP-L", "DP-L, additive", "GRU"])
def test_attention_classifier(kind):
    model, (words, lengths) = make(kind), texts()
    logits, weights = model(words, lengths, need_weights=True)
    for text, length in enumerate(lengths.tolist()):
        states = model.embedding.weight[words[text, :length]]
        if model.rnn is not None:
            states = states_of(model.rnn, states)
        scores = additive(model.pooling, states) if "additive" in kind else states @ model.pooling.query[0]
        context, expected = weigh(scores / model.pooling.scale, states)
        torch.testing.assert_close(weights[text, :length], expected, atol=1e-12, rtol=0)
        judged = torch.stack([row @ context for row in model.output.weight])
        if model.num_classes == 2:
            judged = torch.stack([-judged[0] / 2, judged[0] / 2])
        torch.testing.assert_close(logits[text], judged, atol=1e-12, rtol=0)


def test_hierarchical_attention():
    model, (words, lengths) = make_hierarchical(), documents()
    logits, word_weights, sentence_weights = model(words, lengths, need_weights=True)
    for document in range(len(words)):
        sentences = []
        for sentence, length in enumerate(lengths[document].tolist()):
            if length:
                states = states_of(model.word_rnn, model.embedding.weight[words[document, sentence, :length]])
                vector, weights = weigh(additive(model.word_pooling, states), states)
                torch.testing.assert_close(word_weights[document, sentence, :length], weights, atol=1e-12, rtol=0)
                sentences.append(vector)
        states = states_of(model.sentence_rnn, torch.stack(sentences))
        context, weights = weigh(additive(model.sentence_pooling, states), states)
        torch.testing.assert_close(sentence_weights[document, : len(sentences)], weights, atol=1e-12, rtol=0)
        expected = model.output.weight @ context + model.output.bias
        torch.testing.assert_close(logits[document], expected, atol=1e-12, rtol=0)
