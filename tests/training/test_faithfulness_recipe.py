"""The recipe for explanations: each method says what it should of classifiers that are known through and through."""

import math
import os

import pytest
import torch
from attnbook.data.reviews import load_reviews
from attnbook.data.sun_lu import sample_sun_lu
from attnbook.data.tatoeba import english_words
from attnbook.data.texts import NEGATIVE, POSITIVE, LabelledText
from attnbook.data.vocabulary import UNKNOWN, Vocabulary
from attnbook.data.yelp_hat import MarkedReview
from attnbook.metrics.adversarial_attention import jensen_shannon, total_variation
from attnbook.metrics.rationales import human_agreement
from attnbook.models.attention_classifier import AttentionClassifier
from attnbook.models.hierarchical_attention import HierarchicalAttention
from attnbook.recipes.classification_settings import DEFAULTS, ClassificationRun
from attnbook.recipes.faithfulness import compare_seeds, explain, grade_explanations, grade_scores, grade_weights
from attnbook.recipes.faithfulness_baselines import grade_people, grade_without_model
from attnbook.recipes.faithfulness_command import load_texts
from attnbook.recipes.faithfulness_marks import collect_marks, grade_agreement
from attnbook.recipes.faithfulness_methods import cut_text, score_whole_words
from attnbook.recipes.trained_classifier import TrainedClassifier
from attnbook.training import History
from cases import randomise
from scipy.stats import kendalltau

FILLERS = [f"filler{number}" for number in range(20)]
METHODS = ("attention", "polarity", "weighted_polarity", "gradient", "integrated_gradients", "leave_one_out", "random")


def trained_as(model, words, name="dp", seed=0):
    run = ClassificationRun("sun_lu", name, DEFAULTS["sun_lu"])
    return TrainedClassifier(model.eval(), Vocabulary(words), run, seed, History())


def make_pointing(attended):
    """DP whose word "good" has the polarity 4, "bad" -4, fillers 0; it attends to the words given, and no other."""
    words = ["good", "bad", *FILLERS]
    model = AttentionClassifier(len(words) + 4, embed_dim=2, scale=1.0)
    weights = {"pooling.query": torch.tensor([[1.0, 0.0]]), "output.weight": torch.tensor([[0.0, 1.0]])}
    features = torch.zeros(len(words) + 4, 2)  # a, s of each word
    for place, word in enumerate(words, 4):
        features[place, 0] = 3.0 * (word in attended)
        features[place, 1] = {"good": 4.0, "bad": -4.0}.get(word, 0.0)
    model.load_state_dict({"embedding.weight": features, **weights})
    return trained_as(model, words)


def make_texts(count=40):
    """Twelve words each, of which one decides."""
    texts = []
    for number in range(count):
        words = [FILLERS[(number + 3 * place) % len(FILLERS)] for place in range(12)]
        words[number % 12] = "good" if number % 2 else "bad"
        decisive = tuple(place == number % 12 for place in range(12))
        texts.append(LabelledText(tuple(words), POSITIVE if number % 2 else NEGATIVE, decisive))
    return texts


def make_random(name, words, seed=0, **options):
    torch.manual_seed(seed)
    model = AttentionClassifier(len(words) + 4, embed_dim=6, hidden_dim=4, **options)
    return trained_as(randomise(model), words, name, seed)


@pytest.fixture(scope="module")
def reviews():
    return load_reviews()[::50]


@pytest.fixture(scope="module")
def review_words(reviews):
    return sorted({word for review in reviews for word in review.words})


def test_every_method_points_at_the_word_that_decides():
    grades = grade_explanations(make_pointing(["good", "bad"]), make_texts(), alternatives=5)
    assert grades["accuracy"] == 1 and grades["unknown"] == 0
    for method in METHODS[:-1]:
        assert grades[f"{method}/f1"] == grades[f"{method}/average_precision"] == 1, method
        assert grades[f"{method}/comprehensiveness"] > 3 * grades["random/comprehensiveness"] > 0, method
        assert grades[f"{method}/sufficiency"] < 0.01 < grades["random/sufficiency"], method
    assert grades["random/f1"] < 0.3
    assert grades["attention/tau_leave_one_out"] == pytest.approx(1) == grades["attention/tau_gradient"]
    assert abs(grades["random/tau_leave_one_out"]) < 0.3
    assert "leave_one_out/tau_leave_one_out" not in grades and "gradient/tau_gradient" not in grades


def test_attention_that_looks_elsewhere_is_found_out():
    grades = grade_explanations(make_pointing(FILLERS[:5]), make_texts(), alternatives=5)
    assert grades["attention/f1"] == 0 and grades["leave_one_out/f1"] == grades["polarity/f1"] == 1
    assert grades["attention/comprehensiveness"] < grades["random/comprehensiveness"]
    assert grades["attention/sufficiency"] > grades["polarity/sufficiency"]
    assert grades["uniform/change"] > 0.05 and grades["uniform/accuracy"] == 1


@pytest.mark.parametrize("mirrored", [False, True])  # which also swaps the predicted classes
def test_scores_speak_for_the_predicted_class_and_add_up(mirrored, reviews, review_words):
    trained = make_random("dp-l", review_words, cell="lstm")
    if mirrored:
        trained.model.output.weight.data.neg_()
    explained = explain(trained, reviews)
    assert tuple(explained.scores) == METHODS
    for index, text in enumerate(reviews):
        reading, length = trained.read(text.words), len(text.words)
        side = 1 if reading.probability > 0.5 else -1

        def confidence(ids, side=side):
            ids = torch.tensor([ids])
            return trained.predict(ids, torch.ones_like(ids, dtype=torch.bool))[0, int(side > 0)].item()

        found = {name: scores[index] for name, scores in explained.scores.items()}
        assert all((scores[length:] == 0).all() for scores in found.values())
        torch.testing.assert_close(found["attention"][:length], reading.weights)
        torch.testing.assert_close(found["polarity"][:length], side * reading.polarity_scores)
        ids = trained.vocabulary.encode(text.words)
        whole = confidence(ids)
        assert found["weighted_polarity"].sum().item() == pytest.approx(math.log(whole / (1 - whole)), abs=1e-4)
        gained = whole - confidence([UNKNOWN] * length)
        assert found["integrated_gradients"].sum().item() == pytest.approx(gained, abs=1e-3)
        lost = whole - confidence([*ids[:2], UNKNOWN, *ids[3:]])
        assert found["leave_one_out"][2].item() == pytest.approx(lost, abs=1e-5)


def test_uniform_and_missing_weights(reviews, review_words):
    texts = reviews[:12]
    average = grade_explanations(make_random("average-l", review_words, cell="lstm", pooling="average"), texts)
    assert average["uniform/change"] == pytest.approx(0, abs=1e-6) and average["uniform/flips"] == 0
    assert average["attention/permutation_change"] == pytest.approx(0, abs=1e-6)
    assert average["uniform/accuracy"] == average["accuracy"]
    assert "attention/tau_gradient" not in average and "polarity/tau_gradient" in average
    last = grade_explanations(make_random("last-l", review_words, cell="lstm", pooling="last"), texts)
    assert not any(name.startswith(("attention", "polarity", "uniform")) for name in last)
    assert last["leave_one_out/comprehensiveness"] > last["random/comprehensiveness"]


def test_other_weights(reviews, review_words):
    trained = make_random("additive-l", review_words, cell="lstm", score="additive")
    explained = explain(trained, reviews)
    grades = grade_weights(trained, explained, alternatives=6)
    assert grades == grade_weights(trained, explained, alternatives=6)
    assert grades != grade_weights(trained, explained, alternatives=6, seed=1)
    assert grades["attention/adversarial_change"] <= 0.01 < grades["attention/adversarial_divergence"]
    assert 0 < grades["attention/permutation_change"] < 1 and 0 < grades["uniform/change"] < 1
    more = grade_weights(trained, explained, alternatives=len(reviews))
    assert more["uniform/change"] == grades["uniform/change"]
    assert more["attention/adversarial_divergence"] != grades["attention/adversarial_divergence"]


def test_orders_are_compared_without_signs(reviews, review_words):
    trained = make_random("dp-l", review_words, cell="lstm")
    explained = explain(trained, reviews)
    grades = grade_scores(trained, reviews, explained)
    polarity, gradient = explained.scores["polarity"], explained.scores["gradient"]
    assert (polarity < 0).any() and (gradient < 0).any()
    taus = [
        kendalltau(polarity[row, :length].abs(), gradient[row, :length].abs()).statistic
        for row, length in enumerate(len(text.words) for text in reviews)
    ]
    assert grades["polarity/tau_gradient"] == pytest.approx(sum(taus) / len(taus))


def test_seeds_are_compared_with_one_another(reviews, review_words):
    explained = [explain(make_random("dp", review_words, seed=seed), reviews) for seed in (0, 0, 1)]
    first, same, other = compare_seeds(explained)
    weights = [each.scores["attention"] for each in explained]
    divergence = jensen_shannon(weights[0], weights[2]).mean().item()
    change = total_variation(explained[0].probabilities, explained[2].probabilities).mean().item()
    assert other == pytest.approx({"seeds/change": change, "seeds/divergence": divergence})
    assert first == same == pytest.approx({name: value / 2 for name, value in other.items()})
    assert divergence > 0 < change


def make_marked(*maps):
    words = ("The", "food", "was", "great.", "Didn't", "hurt")
    maps = tuple(tuple(character == "x" for character in marks) for marks in maps)
    return MarkedReview(words, POSITIVE, maps=maps, judgements=("yes",) * len(maps))


def test_words_that_people_marked_are_cut_finer_and_put_together_again():
    text, owners = cut_text(make_marked("...x..", "...xx.", ".x.x.."))
    assert text.words == ("the", "food", "was", "great", ".", "did", "n't", "hurt")
    assert list(owners) == [0, 1, 2, 3, 3, 4, 4, 5]
    scores = torch.tensor([[0.0, 1.0, 0.0, 5.0, 2.0, -3.0, -1.0, 4.0, 9.0]])
    mask = torch.tensor([[True] * 8 + [False]])
    whole = score_whole_words(scores, mask, torch.tensor([[*owners, 0]]))
    assert whole.tolist() == [[0.0, 1.0, 0.0, 5.0, -1.0, 4.0]]


def test_an_explanation_is_compared_with_people_as_they_are_with_one_another():
    texts = [make_marked("...x..", "...xx.", ".x.x.."), make_marked("x....x", "......", "...x.x")]
    marks = collect_marks(texts)
    assert marks.texts.tolist() == [0] * 6 + [1] * 6
    assert marks.counts.tolist()[:6] == [1, 1, 2, 2, 2, 2]
    people, agreement = grade_people(texts), human_agreement([torch.tensor(text.maps) for text in texts])
    assert people["human/f1"] == pytest.approx(agreement.f1)
    assert people["chance/f1"] == pytest.approx(agreement.chance_f1)
    of_one = torch.tensor([[0.0, 0, 0, 2, 1, 0], [1.0, 0, 0, 0, 0, 2]])  # ranks as people would
    assert grade_agreement(of_one, collect_marks(texts))["f1"] > people["chance/f1"]
    alike = [make_marked("..xx..", "..xx..")]
    assert grade_agreement(torch.tensor([[0.0, 0, 1, 1, 0, 0]]), collect_marks(alike))["f1"] == 1
    assert collect_marks([LabelledText(("good",), POSITIVE)]) is None
    assert grade_people([LabelledText(("good",), POSITIVE)]) == {}


def test_naive_bayes_points_at_what_counts_show():
    texts, train = sample_sun_lu(100, seed=1), sample_sun_lu(4000)
    grades = grade_without_model(texts, train)
    assert grades["naive_bayes/accuracy"] > 0.98 and grades["naive_bayes/f1"] > 0.95
    assert grades["chance/f1"] == pytest.approx(2 / 12) and "human/f1" not in grades
    unmarked = [LabelledText(text.words, text.label) for text in texts]
    assert grade_without_model(unmarked, train).keys() == {"naive_bayes/accuracy"}


def test_what_cannot_be_explained(reviews, review_words):
    with pytest.raises(ValueError, match="100% of the words are unknown to dp, trained on sun_lu"):
        explain(make_random("dp", ["elsewhere"]), reviews)
    documents = trained_as(HierarchicalAttention(len(review_words) + 4), review_words, "han")
    with pytest.raises(ValueError, match="han reads documents"):
        explain(documents, reviews)


@pytest.mark.skipif("ATTNBOOK_MIRROR" not in os.environ, reason="ATTNBOOK_MIRROR names no mirror")
def test_reviews_with_people_s_marks():
    parts = load_texts("yelp_hat", 60)
    assert {name: {len(text.words) for text in texts} for name, texts in parts.items()} == {"50/": {50}, "100/": {100}}
    texts = parts["50/"]
    words = sorted({word for text in texts for word in english_words(" ".join(text.words))})
    grades, people = grade_explanations(make_random("dp", words), texts, alternatives=2), grade_people(texts)
    assert abs(grades["random/f1"] - people["chance/f1"]) < 0.05 < people["human/f1"] - people["chance/f1"]
    assert all(abs(grades[f"{method}/f1"] - people["chance/f1"]) < 0.1 for method in METHODS)
    everyone = grade_people(load_texts("yelp_hat", 10**6)["50/"])
    assert everyone["human/f1"] == pytest.approx(0.535, abs=5e-4)
