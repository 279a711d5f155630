"""The fixed vector: whatever the length, one vector of one size passes."""

import pytest
import torch
from translation_cases import SOURCE_SIZE, make, sentences


@pytest.mark.parametrize("length", [1, 7, 40])
def test_the_memory_does_not_grow_with_the_sentence(length):
    model = make("fixed_vector")
    memory = model.encode(torch.randint(4, SOURCE_SIZE, (2, length)), torch.tensor([length, 1]))
    assert [tuple(tensor.shape) for tensor in memory] == [(2, 8)]
    assert model.start(memory).hidden.shape == (2, 4)


def test_sentences_with_one_vector_have_one_translation():
    model, (source, lengths, target) = make("fixed_vector"), sentences()
    memory = model.encode(source, lengths)
    same = memory._replace(context=memory.context[:1].expand(4, -1))
    steps = model.step(target[:, 0], model.start(same), same)
    assert steps.weights is None
    torch.testing.assert_close(steps.logits, steps.logits[:1].expand(4, -1), atol=1e-12, rtol=0)
    other = model.step(target[:, 0], model.start(memory), memory)
    assert not torch.allclose(other.logits, other.logits[:1].expand(4, -1))


def test_the_decoder_runs_in_one_call():
    model, batch = make("fixed_vector"), sentences()
    calls = []
    model.rnn.register_forward_hook(lambda *_: calls.append(1))
    model(*batch)
    assert len(calls) == 1
