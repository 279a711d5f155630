"""Both directions over padded sequences: mirrored within their lengths, and differentiable in eval mode."""

import pytest
import torch
from attnbook.layers.both_ways import BothWays
from cases import randomise


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_it_is_torchs_bidirectional_rnn_on_packed_sequences(cell):
    ours = randomise(BothWays(5, 3, cell=cell)).double()
    theirs = type(ours.forward_rnn)(5, 3, batch_first=True, bidirectional=True).double()
    backward = {f"{name}_reverse": tensor for name, tensor in ours.backward_rnn.state_dict().items()}
    theirs.load_state_dict({**ours.forward_rnn.state_dict(), **backward})
    vectors, lengths = torch.randn(4, 6, 5).double(), torch.tensor([2, 6, 1, 4])
    packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = theirs(packed)
    states, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
    hidden = last[0] if cell == "lstm" else last
    read = ours(vectors, lengths)
    real = torch.arange(6) < lengths[:, None]
    torch.testing.assert_close(read[real], states[real], atol=1e-12, rtol=0)
    torch.testing.assert_close(ours.last(read, lengths), hidden.transpose(0, 1).flatten(1), atol=1e-12, rtol=0)


def test_an_empty_sequence_has_zeros_and_disturbs_no_other():
    model, vectors = randomise(BothWays(5, 3)), torch.randn(3, 4, 5)
    lengths = torch.tensor([4, 0, 2])
    states = model(vectors, lengths)
    assert not model.last(states, lengths)[1].any()
    torch.testing.assert_close(states[2, None, :2], model(vectors[2, None, :2], torch.tensor([2])))


def test_what_stands_at_padding_is_not_read():
    model, vectors, lengths = BothWays(5, 3), torch.randn(2, 4, 5), torch.tensor([4, 2])
    broken = vectors.clone()
    broken[1, 2:] = torch.nan
    states, other = model(vectors, lengths), model(broken, lengths)
    assert torch.equal(states[0], other[0]) and torch.equal(states[1, :2], other[1, :2])
    assert torch.equal(model.last(states, lengths), model.last(other, lengths))


def test_cudnn_is_left_out_where_it_would_refuse_gradients():
    """It differentiates recurrent networks in training mode only; elsewhere its settings are as they were."""
    model, seen = BothWays(5, 3), []
    for rnn in (model.forward_rnn, model.backward_rnn):
        rnn.register_forward_pre_hook(lambda *_: seen.append(torch.backends.cudnn.enabled))
    vectors, lengths = torch.randn(2, 4, 5), torch.tensor([4, 2])
    model.eval()(vectors, lengths)
    model(vectors.requires_grad_(), lengths)
    with torch.no_grad():
        model(vectors, lengths)
    model.train()(vectors, lengths)
    assert seen == [True, True, False, False, True, True, True, True]
    assert torch.backends.cudnn.enabled


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_gradients_on_a_gpu_in_eval_mode(cell):
    model, lengths = BothWays(5, 3, cell=cell).cuda().eval(), torch.tensor([4, 2])
    vectors = torch.randn(2, 4, 5, device="cuda", requires_grad=True)
    model(vectors, lengths).sum().backward()
    on_the_gpu = vectors.grad.cpu()
    vectors = vectors.detach().cpu().requires_grad_()
    model.cpu()(vectors, lengths).sum().backward()
    torch.testing.assert_close(on_the_gpu, vectors.grad, atol=1e-5, rtol=0)


def test_options_that_are_refused():
    with pytest.raises(ValueError, match="unknown cell 'rnn'; allowed: gru, lstm"):
        BothWays(5, 3, cell="rnn")
    with pytest.raises(ValueError, match="hidden_dim must be 1 or more; got 0"):
        BothWays(5, 0)
    with pytest.raises(TypeError, match="input_dim must be an integer, 1 or more; got '5'"):
        BothWays("5", 3)
