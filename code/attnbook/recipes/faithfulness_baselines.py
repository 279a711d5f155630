"""What agrees with marked words without the classifier: chance, people, and counts of words."""

from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from attnbook.data.texts import LabelledText
from attnbook.data.yelp_hat import MarkedReview
from attnbook.extras import require
from attnbook.metrics.rationales import chance_f1, human_agreement, top_words
from attnbook.recipes.faithfulness_marks import collect_marks, grade_agreement
from attnbook.recipes.faithfulness_methods import cut_text, score_whole_words

with require("train"):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB


def grade_without_model(texts: Sequence[LabelledText], train: Sequence[LabelledText]) -> dict[str, float]:
    """Grade what needs no classifier, on the same texts.

    Args:
        texts: that a classifier is graded on.
        train: that it learned from.

    Returns:
        "naive_bayes/accuracy", and where words are marked what `grade_people` returns and "naive_bayes/f1" and
        "naive_bayes/average_precision": the score of a word is how much more probable naive Bayes, which counts words,
        found it in texts of the class that it predicts.
    """
    counter, model = CountVectorizer(analyzer=lambda text: text.words), MultinomialNB()
    model.fit(counter.fit_transform(train), [text.label for text in train])
    cut, owners = zip(*map(cut_text, texts), strict=True)
    predicted = torch.from_numpy(model.predict(counter.transform(cut)))
    right = predicted == torch.tensor([text.label for text in texts])
    grades = {"naive_bayes/accuracy": float(right.double().mean())}
    marks = collect_marks(texts)
    if marks is None:
        return grades
    negative, positive = model.feature_log_prob_
    odds = dict(zip(counter.get_feature_names_out(), positive - negative, strict=True))
    scores = [torch.tensor([odds.get(word, 0.0) for word in text.words]) for text in cut]
    mask = pad_sequence([torch.ones_like(row, dtype=torch.bool) for row in scores], batch_first=True)
    signed = pad_sequence(scores, batch_first=True) * (2 * predicted[:, None] - 1)
    found = score_whole_words(signed, mask, pad_sequence([torch.tensor(owner) for owner in owners], batch_first=True))
    agreement = grade_agreement(found, marks)
    return {**grades, **{f"naive_bayes/{name}": value for name, value in agreement.items()}, **grade_people(texts)}


def grade_people(texts: Sequence[LabelledText]) -> dict[str, float]:
    """What chance and people reach.

    Args:
        texts: with words marked, see `collect_marks`.

    Returns:
        "chance/f1", to be expected of as many words as an explanation may choose, drawn at random; where several people
        marked each text "human/f1", of one against another. Empty where words are not marked.
    """
    marks = collect_marks(texts)
    if marks is None:
        return {}
    drawn = top_words(marks.mask.float(), marks.mask, marks.counts)  # any so many
    grades = {"chance/f1": float(chance_f1(drawn, marks.marked, marks.mask).mean())}
    maps = [torch.tensor(text.maps) for text in texts if isinstance(text, MarkedReview)]
    return {**grades, "human/f1": human_agreement(maps).f1} if maps else grades
