"""The classifier that points: padding unread, weights as promised, scores of words, gradients, bad input explained."""

import pytest
import torch
from attnbook import record_attention
from attnbook.data.vocabulary import PAD, UNKNOWN
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.classification import classification_loss
from attnbook.recorder import NothingRecorded
from classification_cases import KINDS, SIZE, WEIGHING, make, texts
from torch.nn import functional as F

EVERY = pytest.mark.parametrize("kind", KINDS)
POINTING = pytest.mark.parametrize("kind", WEIGHING)
ASKING = pytest.mark.parametrize("kind", [kind for kind in WEIGHING if not kind.startswith("average")])


@EVERY
def test_padding_is_never_read(kind):
    model, (words, lengths) = make(kind), texts()
    expected = model(words, lengths).logits
    assert expected.shape == (4, model.num_classes)
    changed = torch.randint(SIZE, words.shape).where(torch.arange(6) >= lengths[:, None], words)
    assert not torch.equal(changed, words)
    assert torch.equal(model(changed, lengths).logits, expected)
    for text, length in enumerate(lengths.tolist()):
        alone = model(words[text, None, :length], lengths[text, None]).logits
        torch.testing.assert_close(alone[0], expected[text], atol=1e-12, rtol=0)


@POINTING
def test_weights_sum_to_one_over_the_words_and_are_exactly_zero_at_padding(kind):
    model, (words, lengths) = make(kind), texts()
    logits, weights = model(words, lengths, need_weights=True)
    torch.testing.assert_close(weights.sum(-1), torch.ones(4, dtype=torch.float64))
    padding = torch.arange(6) >= lengths[:, None]
    assert (weights[padding] == 0).all() and (weights[~padding] > 0).all()
    without = model(words, lengths)
    assert without.weights is None
    torch.testing.assert_close(without.logits, logits, atol=1e-12, rtol=0)


@POINTING
def test_without_lengths_padding_is_taken_for_words(kind):
    model, (words, lengths) = make(kind), texts()
    weights = model(words, need_weights=True).weights
    assert (weights[torch.arange(6) >= lengths[:, None]] > 0).all()
    assert torch.equal(weights, model(words, torch.full((4,), 6), need_weights=True).weights)


@POINTING
def test_the_recorder_hears_the_weights(kind):
    model, (words, lengths) = make(kind), texts()
    logits, weights = model(words, lengths, need_weights=True)
    with record_attention(model) as maps:
        recorded = model(words, lengths).logits
    assert torch.equal(recorded, logits)
    assert list(maps) == ["pooling"]
    assert torch.equal(maps["pooling"], weights[:, None])


@pytest.mark.parametrize("kind", ["maximum", "last"])
def test_what_does_not_weigh_has_no_weights(kind):
    model, batch = make(kind), texts()
    assert model(*batch, need_weights=True).weights is None
    with pytest.raises(NothingRecorded), record_attention(model):
        model(*batch)


@pytest.mark.parametrize("kind", ["DP", "DP, additive", "average of embeddings"])
def test_without_a_cell_order_does_not_matter_and_with_one_it_does(kind):
    words, lengths = torch.tensor([[4, 5, 6, 7, 8]]), torch.tensor([5])
    backward = words.flip(1)
    model, reader = make(kind), make("DP-L")
    torch.testing.assert_close(model(words, lengths).logits, model(backward, lengths).logits)
    assert not torch.allclose(reader(words, lengths).logits, reader(backward, lengths).logits)


@ASKING
def test_weights_are_the_softmax_of_the_attention_scores(kind):
    model, (words, lengths) = make(kind), texts()
    scores = model.attention_scores(words, lengths)
    weights = model(words, lengths, need_weights=True).weights
    for text, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(scores[text, :length].softmax(-1), weights[text, :length])


@pytest.mark.parametrize("kind", ["DP", "DP, additive", "DP-L", "average"])
def test_the_polarity_of_a_text_is_the_weighted_mean_of_its_words(kind):
    """And the loss is Sun & Lu's, -log σ(y·s)."""
    model, (words, lengths) = make(kind), texts()
    logits, weights = model(words, lengths, need_weights=True)
    polarity = (weights * model.polarity_scores(words, lengths)).sum(-1)
    torch.testing.assert_close(logits[:, 1] - logits[:, 0], polarity)
    torch.testing.assert_close(logits.softmax(-1)[:, 1], torch.sigmoid(polarity))
    labels = torch.tensor([1, 0, 0, 1])
    total, count = classification_loss(logits, labels)
    torch.testing.assert_close(total, -F.logsigmoid((2 * labels - 1) * polarity).sum())
    assert count == 4


def test_without_a_cell_a_word_has_one_score_wherever_it_stands():
    model, (words, lengths) = make("DP"), texts()
    for score in (model.attention_scores, model.polarity_scores):
        of_the_vocabulary = score(torch.arange(SIZE)[:, None])[:, 0]
        assert of_the_vocabulary.shape == (SIZE,)
        torch.testing.assert_close(score(words, lengths), of_the_vocabulary[words])
    reader = make("DP-L")
    by_itself = reader.polarity_scores(torch.arange(SIZE)[:, None])[:, 0]
    assert not torch.allclose(reader.polarity_scores(words, lengths)[0], by_itself[words[0]])


def test_the_scale_flattens_the_weights():
    words, largest = torch.tensor([[4, 5, 6, 7, 8, 9]]), {}
    for scale in (0.001, 1.0, 1e4):
        torch.manual_seed(1)
        largest[scale] = make("DP", scale=scale)(words, need_weights=True).weights.max().item()
    assert largest[0.001] > 0.999 > largest[1.0] > largest[1e4]
    assert largest[1e4] == pytest.approx(1 / 6, abs=1e-3)
    assert AttentionClassifier(SIZE, embed_dim=49).pooling.scale == 7
    assert AttentionClassifier(SIZE, embed_dim=49, score="additive").pooling.scale == 1


def test_query_times_polarity():
    model = make("DP")
    product = model.query_times_polarity()
    torch.testing.assert_close(product, model.pooling.query[0] @ model.output.weight[0])
    product.square().backward()
    assert model.pooling.query.grad.any() and model.output.weight.grad.any()


@EVERY
def test_gradients_of_embeddings_can_be_had_in_eval_mode(kind):
    model, (words, lengths) = make(kind), texts()
    embedded = model.embedding(words).detach().requires_grad_()
    logits = model.forward_embedded(embedded, lengths).logits
    torch.testing.assert_close(logits, model(words, lengths).logits)
    (gradient,) = torch.autograd.grad(logits.softmax(-1)[:, 0].sum(), embedded)
    padding = torch.arange(6) >= lengths[:, None]
    assert not gradient[padding].any()
    assert gradient[~padding].any(-1).all() or kind == "maximum"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "maximum" not in kind])
def test_gradients_are_right(kind):
    model, (words, lengths) = make(kind), texts()
    embedded = model.embedding(words).detach().requires_grad_()
    assert torch.autograd.gradcheck(lambda given: model.forward_embedded(given, lengths).logits, embedded)


def test_any_weights_can_be_put_in_the_place_of_the_models_own():
    model, (words, lengths) = make("DP-L"), texts()
    logits, weights = model(words, lengths, need_weights=True)
    states = model.read(model.embedding(words), lengths)
    torch.testing.assert_close(model.judge((weights[:, None] @ states)[:, 0]), logits)
    assert not torch.allclose(model.judge(states[:, 0]), logits)


@pytest.mark.parametrize("kind", ["DP", "DP-L", "last"])
def test_a_text_of_which_nothing_is_left_leaves_the_two_classes_equal(kind):
    model, (words, lengths) = make(kind), texts()
    logits = model.forward_embedded(model.embedding(words), torch.tensor([6, 0, 3, 5])).logits
    assert (logits[1] == 0).all()
    torch.testing.assert_close(logits[[0, 2, 3]], model(words, lengths).logits[[0, 2, 3]])


@EVERY
def test_every_parameter_learns(kind):
    model, (words, lengths) = make(kind).train(), texts()
    total, _ = classification_loss(model(words, lengths).logits, torch.tensor([1, 0, 0, 1]))
    total.backward()
    assert [name for name, parameter in model.named_parameters() if not parameter.grad.any()] == []


@EVERY
def test_half_precision_and_dropout_run(kind):
    model, (words, lengths) = make(kind, dropout=0.5, word_dropout=0.2).float().train(), texts()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(words, lengths).logits.isfinite().all()
    assert not torch.equal(model(words, lengths).logits, model(words, lengths).logits)
    model.eval()
    assert torch.equal(model(words, lengths).logits, model(words, lengths).logits)


def test_dropped_words_are_unknown_ones():
    model, (words, lengths) = make("DP", word_dropout=1.0), texts()
    before = words.clone()
    dropped = model.train()(words, lengths).logits
    assert torch.equal(words, before)
    assert torch.equal(dropped, model.eval()(torch.full_like(words, UNKNOWN), lengths).logits)


def test_embeddings_begin_small():
    weight = AttentionClassifier(1000, embed_dim=20).embedding.weight
    assert 0.099 < weight.abs().max() <= 0.1


@EVERY
def test_texts_that_are_refused(kind):
    model, (words, lengths) = make(kind), texts()
    with pytest.raises(ValueError, match=r"lengths must lie between 1 and 6; got \[0, 3, 5, 6\]"):
        model(words, torch.tensor([6, 0, 3, 5]))
    with pytest.raises(ValueError, match=r"lengths must lie between 1 and 6; got \[1, 3, 5, 7\]"):
        model(words, torch.tensor([7, 1, 3, 5]))
    with pytest.raises(ValueError, match=r"lengths must have shape \(4,\); got \(3,\)"):
        model(words, lengths[:3])
    with pytest.raises(TypeError, match=r"lengths must be a tensor of int64 or int32; got torch\.float32"):
        model(words, lengths.float())
    with pytest.raises(IndexError, match="words holds the id 11; its vocabulary has 0 to 10"):
        model(words.clamp(min=SIZE), lengths)
    with pytest.raises(ValueError, match=r"words must have shape \(B, L\).* got \(4, 0\)"):
        model(words[:, :0], lengths)
    with pytest.raises(TypeError, match=r"words must be a tensor of int64 or int32; got list"):
        model(words.tolist(), lengths)
    with pytest.raises(ValueError, match=r"embedded must have 3 sizes, the last 6; got \(4, 6, 5\)"):
        model.forward_embedded(torch.zeros(4, 6, 5).double(), lengths)
    with pytest.raises(ValueError, match=r"lengths must lie between 0 and 6; got \[-1, 1, 3, 5\]"):
        model.forward_embedded(torch.zeros(4, 6, 6).double(), torch.tensor([-1, 1, 3, 5]))


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (torch.tensor([0, 2]), ValueError, "labels must lie between 0 and 1; got 2"),
        (torch.tensor([0, -1]), ValueError, "labels must lie between 0 and 1; got -1"),
        (torch.tensor([0]), ValueError, r"got \(2, 2\) and \(1,\)"),
        (torch.tensor([0.0, 1.0]), TypeError, r"labels must be a tensor of int64 or int32; got torch\.float32"),
    ],
)
def test_labels_that_are_refused(labels, error, message):
    with pytest.raises(error, match=message):
        classification_loss(torch.zeros(2, 2), labels)


def test_questions_that_a_model_cannot_answer():
    words = torch.tensor([[4, 5]])
    with pytest.raises(ValueError, match="only pooling 'attention' has attention scores"):
        make("average").attention_scores(words)
    with pytest.raises(ValueError, match="polarity is that of two classes; this model has 3"):
        make("DP-L, additive").polarity_scores(words)
    with pytest.raises(ValueError, match="polarity is that of two classes; this model has 4"):
        make("GRU").query_times_polarity()
    for kind in ("DP, additive", "average"):
        with pytest.raises(ValueError, match="V·W needs pooling 'attention' with the score 'dot'"):
            make(kind).query_times_polarity()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"vocabulary_size": 0}, ValueError, "vocabulary_size must be 1 or more; got 0"),
        ({"num_classes": 1}, ValueError, "num_classes must be 2 or more; got 1"),
        ({"embed_dim": 2.5}, TypeError, "embed_dim must be an integer, 1 or more; got 2.5"),
        ({"cell": "lstm", "hidden_dim": 0}, ValueError, "hidden_dim must be 1 or more; got 0"),
        ({"cell": "rnn"}, ValueError, "unknown cell 'rnn'; allowed: gru, lstm"),
        ({"pooling": "sum"}, ValueError, "unknown pooling 'sum'; allowed: attention, average, maximum"),
        ({"pooling": "last"}, ValueError, "pooling 'last' needs a cell"),
        ({"score": "cosine"}, ValueError, "unknown score 'cosine'; allowed: dot, additive"),
        ({"scale": 0.0}, ValueError, "scale must be above 0; got 0.0"),
        ({"scale": float("nan")}, ValueError, "scale must be above 0; got nan"),
        ({"dropout": 1.5}, ValueError, "dropout"),
        ({"word_dropout": -0.1}, ValueError, "word_dropout must lie between 0 and 1; got -0.1"),
    ],
)
def test_options_that_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        AttentionClassifier(**{"vocabulary_size": SIZE, **options})


def test_padding_has_an_embedding_of_its_own():
    """Without one, as after `padding_idx`, a forgotten mask would go unseen in a figure."""
    assert AttentionClassifier(SIZE).embedding.weight[PAD].any()
