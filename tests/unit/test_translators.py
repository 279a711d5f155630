"""What all translators promise: one step as teacher forcing, padding unread, maps recorded, bad input explained."""

import pytest
import torch
from attnbook import record_attention
from attnbook.data.vocabulary import PAD
from attnbook.models.encoder_decoder import translation_loss
from attnbook.models.recurrent_encoder import RecurrentEncoder
from attnbook.models.translators import TRANSLATOR_NAMES, create_translator
from attnbook.recorder import NothingRecorded
from translation_cases import KINDS, SOURCE_SIZE, TARGET_SIZE, make, sentences

EVERY = pytest.mark.parametrize("kind", KINDS)
LOOKING = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "fixed_vector"])


def steps(model, source, lengths, target):
    """Logits (B, T-1, V) and weights (B, T-1, S) or None, word by word."""
    memory = model.encode(source, lengths)
    state, taken = model.start(memory), []
    for word in target[:, :-1].unbind(1):
        taken.append(model.step(word, state, memory))
        state = taken[-1].state
    weights = None if taken[0].weights is None else torch.stack([step.weights for step in taken], dim=1)
    return torch.stack([step.logits for step in taken], dim=1), weights


@EVERY
def test_step_by_step_is_teacher_forcing(kind):
    model, (source, lengths, target) = make(kind), sentences()
    logits, _ = steps(model, source, lengths, target)
    assert logits.shape == (4, 5, TARGET_SIZE)
    torch.testing.assert_close(logits, model(source, lengths, target), atol=1e-12, rtol=0)


@EVERY
def test_beginnings_of_one_sentence_do_not_hear_of_one_another(kind):
    """Three beginnings a sentence, side by side, give what each gives alone."""
    model, (source, lengths, _) = make(kind), sentences()
    memory = model.encode(source, lengths)
    words = torch.randint(4, TARGET_SIZE, (2, 4, 3))
    state = type(model.start(memory))(*(tensor.repeat_interleave(3, 0) for tensor in model.start(memory)))
    alone = [model.start(memory)] * 3
    for taken in words:
        together = model.step(taken.flatten(), state, memory)
        singly = [model.step(word, one, memory) for word, one in zip(taken.unbind(1), alone, strict=True)]
        state, alone = together.state, [step.state for step in singly]
        for field in ("logits", "weights"):
            if (found := getattr(together, field)) is not None:
                expected = torch.stack([getattr(step, field) for step in singly], dim=1).flatten(0, 1)
                torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


@EVERY
def test_sentences_of_one_length_are_read_as_packed_ones_are(kind):
    """Without padding the encoder's call is not packed; a longer sentence beside them makes it so."""
    model, (source, _, target) = make(kind), sentences()
    source[source == PAD] = 4
    longer = torch.cat([torch.nn.functional.pad(source, (0, 1), value=PAD), torch.full((1, 7), 5)])
    lengths = torch.tensor([6, 6, 6, 6])
    found, packed = (
        model(*batch)[:4]
        for batch in ((source, lengths, target), (longer, torch.tensor([6, 6, 6, 6, 7]), target[[0, 1, 2, 3, 0]]))
    )
    torch.testing.assert_close(found, packed, atol=1e-12, rtol=0)


@EVERY
def test_padding_is_never_read(kind):
    model, (source, lengths, target) = make(kind), sentences()
    expected = model(source, lengths, target)
    noise = torch.randint(SOURCE_SIZE, source.shape)
    changed = noise.where(torch.arange(6) >= lengths[:, None], source)
    assert not torch.equal(changed, source)
    assert torch.equal(model(changed, lengths, target), expected)
    for sentence, length in enumerate(lengths.tolist()):
        alone = model(source[sentence, None, :length], lengths[sentence, None], target[sentence, None])
        torch.testing.assert_close(alone[0], expected[sentence], atol=1e-12, rtol=0)


@EVERY
def test_the_future_is_not_read(kind):
    model, (source, lengths, target) = make(kind), sentences()
    before = model(source, lengths, target)
    target[:, 3] = (target[:, 3] + 1) % TARGET_SIZE
    after = model(source, lengths, target)
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3], after[:, 3])


@LOOKING
def test_one_map_of_all_words_is_recorded_and_is_that_of_the_steps(kind):
    model, (source, lengths, target) = make(kind), sentences()
    plain = model(source, lengths, target)
    with record_attention(model) as maps:
        recorded = model(source, lengths, target)
    assert torch.equal(plain, recorded)
    (weights,) = maps.values()
    assert list(maps) == [type(model).__name__]
    assert weights.shape == (4, 5, 6)
    assert (weights[(torch.arange(6) >= lengths[:, None])[:, None].expand_as(weights)] == 0).all()
    with record_attention(model) as maps:
        _, by_steps = steps(model, source, lengths, target)
    torch.testing.assert_close(weights, by_steps, atol=1e-12, rtol=0)
    assert [tuple(heard.shape) for heard in maps.calls(type(model).__name__)] == [(4, 1, 6)] * 5


def test_the_fixed_vector_has_nothing_to_record():
    model, batch = make("fixed_vector"), sentences()
    with pytest.raises(NothingRecorded), record_attention(model):
        model(*batch)


@EVERY
def test_every_parameter_learns(kind):
    model, (source, lengths, target) = make(kind).train(), sentences()
    loss = translation_loss(model(source, lengths, target), target)
    (loss.total / loss.num_words).backward()
    idle = [name for name, parameter in model.named_parameters() if not parameter.grad.any()]
    assert idle == []


@EVERY
def test_half_precision_and_dropout_run(kind):
    model, (source, lengths, target) = make(kind, dropout=0.5).float().train(), sentences()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(source, lengths, target)
    assert logits.isfinite().all()
    assert not torch.equal(model(source, lengths, target), model(source, lengths, target))
    model.eval()
    assert torch.equal(model(source, lengths, target), model(source, lengths, target))


def test_the_loss_is_summed_over_words_and_leaves_padding_out():
    logits, target = torch.randn(2, 3, TARGET_SIZE), torch.tensor([[2, 5, 6, 3], [2, 7, 3, PAD]])
    total, num_words = translation_loss(logits, target)
    log_probabilities = logits.log_softmax(-1)
    scored = [(0, 0, 5), (0, 1, 6), (0, 2, 3), (1, 0, 7), (1, 1, 3)]
    assert num_words == 5
    torch.testing.assert_close(total, -sum(log_probabilities[index] for index in scored))
    smoothed = translation_loss(logits, target, label_smoothing=0.3).total
    spread = -sum(log_probabilities[row, step].mean() for row, step, _ in scored)
    torch.testing.assert_close(smoothed, 0.7 * total + 0.3 * spread)


@pytest.mark.parametrize("name", TRANSLATOR_NAMES)
def test_tied_embeddings_are_one_tensor_drawn_small(name):
    model = create_translator(name, 50, 500, embed_dim=64, hidden_dim=64, tie_embeddings=True)
    assert model.output.weight is model.target_embedding.weight
    assert model.output.weight.std().item() == pytest.approx(1 / 8, rel=0.02)
    loose = create_translator(name, 50, 500, embed_dim=64, hidden_dim=64)
    assert loose.output.weight is not loose.target_embedding.weight


def test_unknown_names_are_answered_with_all_names():
    with pytest.raises(ValueError, match=f"unknown translator 'seq2seq'; allowed: {', '.join(TRANSLATOR_NAMES)}"):
        create_translator("seq2seq", 5, 5)
    with pytest.raises(ValueError, match="luong-dot decides the score; got score='general'"):
        create_translator("luong-dot", 5, 5, score="general")
    with pytest.raises(TypeError, match="no_such_option"):
        create_translator("rnnsearch", 5, 5, no_such_option=1)


@EVERY
def test_sources_that_are_refused(kind):
    model, (source, lengths, target) = make(kind), sentences()
    with pytest.raises(ValueError, match=r"source_lengths must lie between 1 and 6; got \[6, 0, 3, 5\]"):
        model(source, torch.tensor([6, 0, 3, 5]), target)
    with pytest.raises(ValueError, match=r"source_lengths must lie between 1 and 6; got \[7, 1, 3, 5\]"):
        model.encode(source, torch.tensor([7, 1, 3, 5]))
    with pytest.raises(ValueError, match=r"source_lengths must have shape \(4,\); got \(3,\)"):
        model(source, lengths[:3], target)
    with pytest.raises(IndexError, match="source holds the id 11; its vocabulary has 0 to 10"):
        model(source.clamp(min=SOURCE_SIZE), lengths, target)
    with pytest.raises(IndexError, match="source holds the id -1"):
        model.encode(source - 1, lengths)
    with pytest.raises(ValueError, match=r"source must have shape \(B, L\).* got \(4, 0\)"):
        model(source[:, :0], lengths, target)
    with pytest.raises(ValueError, match=r"source must have shape \(B, L\).* got \(6,\)"):
        model(source[0], lengths[0], target)
    with pytest.raises(TypeError, match=r"source must be a tensor of int64 or int32; got torch\.float32"):
        model(source.float(), lengths, target)
    with pytest.raises(TypeError, match="source_lengths must be a tensor of int64 or int32; got list"):
        model(source, lengths.tolist(), target)


@EVERY
def test_targets_and_words_that_are_refused(kind):
    model, (source, lengths, target) = make(kind), sentences()
    with pytest.raises(IndexError, match="target holds the id 9; its vocabulary has 0 to 8"):
        model(source, lengths, target.clamp(min=TARGET_SIZE))
    for wrong in (target[:3], target[:, :1]):
        with pytest.raises(ValueError, match=r"target must be \(4, T\) with T 2 or more; got"):
            model(source, lengths, wrong)
    memory = model.encode(source, lengths)
    with pytest.raises(ValueError, match=r"words must have shape \(4,\), as the state; got \(3,\)"):
        model.step(target[:3, 0], model.start(memory), memory)
    with pytest.raises(ValueError, match="the state must have K rows for each of the memory's 3; got 4"):
        model.step(target[:, 0], model.start(memory), type(memory)(*(tensor[:3] for tensor in memory)))
    with pytest.raises(ValueError, match="the state must have K rows for each of the memory's 0; got 4"):
        model.step(target[:, 0], model.start(memory), type(memory)(*(tensor[:0] for tensor in memory)))
    with pytest.raises(IndexError, match="words holds the id 9"):
        model.step(target[:, 0].clamp(min=9), model.start(memory), memory)
    with pytest.raises(TypeError, match="words must be a tensor of int64 or int32; got list"):
        model.step([2, 2, 2, 2], model.start(memory), memory)


@pytest.mark.parametrize("name", TRANSLATOR_NAMES)
def test_sizes_that_are_refused(name):
    with pytest.raises(ValueError, match="target_size must be 1 or more; got 0"):
        create_translator(name, 5, 0)
    with pytest.raises(ValueError, match="vocabulary_size must be 1 or more; got 0"):
        create_translator(name, 0, 5)
    with pytest.raises(ValueError, match=r"hidden_dim must be . or more; got 0"):
        create_translator(name, 5, 5, hidden_dim=0)
    with pytest.raises(TypeError, match=r"embed_dim must be an integer, 1 or more; got 2\.5"):
        create_translator(name, 5, 5, embed_dim=2.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        create_translator(name, 5, 5, dropout=1.5)


def test_losses_that_are_refused():
    target = torch.tensor([[2, 5, 3]])
    with pytest.raises(ValueError, match=r"logits must be \(B, T-1, V\).* got \(1, 3, 9\) and \(1, 3\)"):
        translation_loss(torch.randn(1, 3, 9), target)
    with pytest.raises(ValueError, match=r"label_smoothing must lie between 0 and 1; got 1\.1"):
        translation_loss(torch.randn(1, 2, 9), target, 1.1)


def test_an_encoder_of_an_unknown_cell():
    with pytest.raises(ValueError, match="unknown cell 'rnn'; allowed: gru, lstm"):
        RecurrentEncoder(5, 4, 4, cell="rnn")
