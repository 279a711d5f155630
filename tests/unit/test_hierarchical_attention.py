"""Hierarchical attention: padding of words and of sentences unread, two levels of weights, bad input explained."""

import pytest
import torch
from attnbook import record_attention
from attnbook.models.classification import classification_loss
from attnbook.models.hierarchical_attention import HierarchicalAttention
from attnbook.recorder import NothingRecorded
from classification_cases import POOLINGS, SIZE, documents, make_hierarchical

EVERY = pytest.mark.parametrize("pooling", POOLINGS)
POINTING = pytest.mark.parametrize("pooling", ["attention", "average"])


@EVERY
def test_padding_of_words_and_sentences_is_never_read(pooling):
    model, (words, lengths) = make_hierarchical(pooling), documents()
    expected = model(words, lengths).logits
    changed = torch.randint(SIZE, words.shape).where(torch.arange(5) >= lengths[..., None], words)
    assert not torch.equal(changed, words)
    assert torch.equal(model(changed, lengths).logits, expected)
    for document, count in enumerate((4, 1, 2)):
        longest = int(lengths[document].max())
        alone = model(words[document, None, :count, :longest], lengths[document, None, :count]).logits
        torch.testing.assert_close(alone[0], expected[document], atol=1e-12, rtol=0)


@POINTING
def test_weights_on_both_levels(pooling):
    model, (words, lengths) = make_hierarchical(pooling), documents()
    logits, word_weights, sentence_weights = model(words, lengths, need_weights=True)
    assert word_weights.shape == (3, 4, 5) and sentence_weights.shape == (3, 4)
    real_words, real_sentences = torch.arange(5) < lengths[..., None], lengths > 0
    assert (word_weights[~real_words] == 0).all() and (word_weights[real_words] > 0).all()
    assert (sentence_weights[~real_sentences] == 0).all() and (sentence_weights[real_sentences] > 0).all()
    torch.testing.assert_close(word_weights.sum(-1), real_sentences.double())
    torch.testing.assert_close(sentence_weights.sum(-1), torch.ones(3).double())
    assert model(words, lengths)[1:] == (None, None)
    torch.testing.assert_close(model(words, lengths).logits, logits)


def test_average_weighs_all_alike():
    weights = make_hierarchical("average")(*documents(), need_weights=True)
    torch.testing.assert_close(weights.word_weights[0, 2, :3], torch.full((3,), 1 / 3).double())
    torch.testing.assert_close(weights.sentence_weights[2, :2], torch.full((2,), 1 / 2).double())


@POINTING
def test_the_recorder_hears_both_levels(pooling):
    model, (words, lengths) = make_hierarchical(pooling), documents()
    logits, word_weights, sentence_weights = model(words, lengths, need_weights=True)
    with record_attention(model) as maps:
        recorded = model(words, lengths).logits
    assert torch.equal(recorded, logits)
    assert list(maps) == ["word_pooling", "sentence_pooling"]
    assert torch.equal(maps["word_pooling"], word_weights[:, :, None])
    assert torch.equal(maps["sentence_pooling"], sentence_weights[:, None])


def test_the_maximum_has_no_weights():
    model, batch = make_hierarchical("maximum"), documents()
    assert model(*batch, need_weights=True)[1:] == (None, None)
    with pytest.raises(NothingRecorded), record_attention(model):
        model(*batch)


def test_without_lengths_padding_is_taken_for_words_and_sentences():
    model, (words, _) = make_hierarchical(), documents()
    _, word_weights, sentence_weights = model(words, need_weights=True)
    assert (word_weights > 0).all() and (sentence_weights > 0).all()


def test_one_word_weighs_differently_in_different_sentences():
    model = make_hierarchical()
    words = torch.tensor([[[4, 5, 6], [4, 7, 8]]])
    weights = model(words, need_weights=True).word_weights[0, :, 0]
    assert (weights[0] - weights[1]).abs() > 1e-3


@EVERY
def test_sentences_read_one_another(pooling):
    """Through the second level: the same sentence, last in two documents, has another weight or state in each."""
    model = make_hierarchical(pooling)
    words = torch.randint(4, SIZE, (2, 3, 5))
    words[1, 2] = words[0, 2]
    states = {}
    model.sentence_rnn.register_forward_hook(lambda _, inputs, output: states.update(read=inputs[0], said=output))
    model(words)
    torch.testing.assert_close(states["read"][0, 2], states["read"][1, 2])
    assert not torch.allclose(states["said"][0, 2], states["said"][1, 2])


@EVERY
def test_gradients_of_embeddings_can_be_had_in_eval_mode(pooling):
    model, (words, lengths) = make_hierarchical(pooling), documents()
    embedded = model.embedding(words).detach().requires_grad_()
    logits = model.forward_embedded(embedded, lengths).logits
    torch.testing.assert_close(logits, model(words, lengths).logits)
    (gradient,) = torch.autograd.grad(logits.softmax(-1)[:, 0].sum(), embedded)
    real = torch.arange(5) < lengths[..., None]
    assert not gradient[~real].any()
    assert gradient[real].any(-1).all() or pooling == "maximum"


def test_gradients_are_right():
    model, (words, lengths) = make_hierarchical(), documents()
    embedded = model.embedding(words).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: model.forward_embedded(given, lengths).logits, embedded)


def test_a_sentence_of_which_nothing_is_left_is_passed_over():
    model, (words, _) = make_hierarchical(), documents()
    erased = torch.tensor([[5, 0, 3, 2], [0, 0, 0, 0], [2, 5, 0, 0]])
    logits, word_weights, sentence_weights = model.forward_embedded(model.embedding(words), erased, need_weights=True)
    assert logits.isfinite().all()
    assert sentence_weights[0, 1] == 0 and not word_weights[0, 1].any()
    torch.testing.assert_close(sentence_weights.sum(-1), torch.tensor([1.0, 0.0, 1.0]).double())
    torch.testing.assert_close(logits[1], model.output.bias)


@EVERY
def test_every_parameter_learns(pooling):
    model, (words, lengths) = make_hierarchical(pooling).train(), documents()
    total, _ = classification_loss(model(words, lengths).logits, torch.tensor([2, 0, 1]))
    total.backward()
    assert [name for name, parameter in model.named_parameters() if not parameter.grad.any()] == []


@EVERY
def test_half_precision_and_dropout_run(pooling):
    model = make_hierarchical(pooling, dropout=0.5, word_dropout=0.2).float().train()
    batch = documents()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(*batch).logits.isfinite().all()
    assert not torch.equal(model(*batch).logits, model(*batch).logits)
    model.eval()
    assert torch.equal(model(*batch).logits, model(*batch).logits)


def test_documents_that_are_refused():
    model, (words, lengths) = make_hierarchical(), documents()
    with pytest.raises(ValueError, match="document 1: its first sentence is empty"):
        model(words, torch.tensor([[5, 1, 3, 2], [0, 0, 0, 0], [2, 5, 0, 0]]))
    with pytest.raises(ValueError, match="document 0: its sentence 1 is empty, and others follow"):
        model(words, torch.tensor([[5, 0, 3, 2], [4, 0, 0, 0], [2, 5, 0, 0]]))
    with pytest.raises(ValueError, match=r"lengths must lie between 0 and 5; got \[0, 1, 2, 3, 4, 5, 6\]"):
        model(words, torch.tensor([[6, 1, 3, 2], [4, 0, 0, 0], [2, 5, 0, 0]]))
    with pytest.raises(ValueError, match=r"lengths must have shape \(3, 4\); got \(3,\)"):
        model(words, lengths[:, 0])
    with pytest.raises(ValueError, match=r"words must have shape \(B, S, L\); got \(4, 5\)"):
        model(words[0], lengths[0])
    with pytest.raises(ValueError, match=r"words must have shape .* got \(0, 5\)"):
        model(words[:, :0], lengths[:, :0])
    with pytest.raises(TypeError, match="words must be a tensor of int64 or int32; got list"):
        model(words.tolist(), lengths)
    with pytest.raises(TypeError, match="lengths must be a tensor of int64 or int32; got list"):
        model(words, lengths.tolist())
    with pytest.raises(IndexError, match="words holds the id 11; its vocabulary has 0 to 10"):
        model(words.clamp(min=SIZE), lengths)
    with pytest.raises(ValueError, match=r"embedded must have 4 sizes, the last 6; got \(3, 4, 5, 7\)"):
        model.forward_embedded(torch.zeros(3, 4, 5, 7).double(), lengths)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"vocabulary_size": 0}, ValueError, "vocabulary_size must be 1 or more; got 0"),
        ({"num_classes": 1}, ValueError, "num_classes must be 2 or more; got 1"),
        ({"embed_dim": 0}, ValueError, "embed_dim must be 1 or more; got 0"),
        ({"hidden_dim": 0}, ValueError, "hidden_dim must be 1 or more; got 0"),
        ({"pooling": "last"}, ValueError, "unknown pooling 'last'; allowed: attention, average, maximum"),
        ({"word_dropout": 2}, ValueError, "word_dropout must lie between 0 and 1; got 2"),
    ],
)
def test_options_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        HierarchicalAttention(**{"vocabulary_size": SIZE, **options})
