"""Intervals: exact where they can be worked out, scipy's where it can do the same, wider over groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from aesthkeras.errors import UsageError
from aesthkeras.reports.intervals import Coverage, Difference, half_width, what_is_covered
from aesthkeras.reports.predictions import Predictions
from aesthkeras.reports.significance import paired_differences


def made(probabilities, labels, units=None, folds=None) -> Predictions:
    """Predictions of layers x repeats x photos, in one fold unless told otherwise."""
    probabilities = np.asarray(probabilities, np.float32)
    photos = probabilities.shape[2]
    labels = np.asarray(labels, np.int8)
    units = np.arange(photos) if units is None else np.asarray(units)
    folds = np.zeros_like(labels) if folds is None else np.asarray(folds)
    ids = np.array([str(n) for n in range(photos)])
    rows = len(labels)
    return Predictions(ids, units, labels, folds, probabilities, tuple(range(rows)), (0,) * rows)


def drawn(photos, layers=1, repeats=1, seed=0, units=None):
    """Two encoders' random predictions of the same photos, the first the better one."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, photos)
    noise = generator.normal(size=(2, layers, repeats, photos))
    strength = np.array([1.2, 0.4])[:, None, None, None]
    both = 1 / (1 + np.exp(-(strength * (2 * labels - 1) + noise)))
    many = np.tile(labels, (repeats, 1))
    return made(both[0], many, units), made(both[1], many, units)


def test_the_mean_is_the_difference_counted_by_hand():
    labels = [[1, 1, 0, 0, 1]]
    better = made([[[0.9, 0.8, 0.1, 0.2, 0.4]]], labels)  # 4 of 5
    worse = made([[[0.9, 0.3, 0.7, 0.2, 0.4]]], labels)  # 2 of 5
    (layer, average) = paired_differences(better, worse)
    assert layer.mean == pytest.approx(0.4)
    assert average == layer


def test_the_interval_is_scipys():
    first, second = drawn(300)
    right = (first.probabilities[0, 0] >= 0.5) == first.labels[0]
    other = (second.probabilities[0, 0] >= 0.5) == first.labels[0]
    gain = right.astype(float) - other
    theirs = stats.bootstrap((gain,), np.mean, n_resamples=20_000, method="percentile", random_state=1)
    ours = paired_differences(first, second, resamples=20_000)[0]
    assert ours.mean == pytest.approx(gain.mean())
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.005)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.005)
    # and that of the normal approximation: 300 independent gains
    assert ours.high - ours.low == pytest.approx(2 * 1.96 * gain.std() / np.sqrt(300), rel=0.05)


def test_the_interval_of_photos_in_groups_is_that_of_the_group_means():
    generator = np.random.default_rng(3)
    # 25 groups of 12 photos; within a group all photos are right or wrong together
    units = np.repeat(np.arange(25), 12)
    right = np.repeat(generator.random(25) < 0.8, 12)
    other = np.repeat(generator.random(25) < 0.5, 12)
    labels = [np.ones(300, int)]
    first, second = np.where(right, 0.9, 0.1)[None, None], np.where(other, 0.9, 0.1)[None, None]
    grouped = paired_differences(made(first, labels, units), made(second, labels, units), resamples=4000)[0]
    alone = paired_differences(made(first, labels), made(second, labels), resamples=4000)[0]
    assert grouped.mean == pytest.approx(alone.mean)
    # what is the same within groups of 12 says as much as one photo: sqrt(12) times as wide
    ratio = (grouped.high - grouped.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(12), rel=0.12)


def test_groups_of_different_sizes_weigh_by_their_photos():
    units = [0, 0, 0, 1]
    labels = [[1, 1, 1, 1]]
    first, second = made([[[0.9, 0.9, 0.9, 0.1]]], labels, units), made([[[0.1] * 4]], labels, units)
    found = paired_differences(first, second, resamples=1000)[0]
    assert found.mean == pytest.approx(0.75)
    # the four resamples there are: the large group twice (1), one each (3/4, twice), the small one twice (0)
    half = stats.t.ppf(0.975, 1) * np.std([1, 0.75, 0.75, 0])
    assert found.high - found.mean == pytest.approx(half, rel=0.05)
    assert found.mean - found.low == pytest.approx(half, rel=0.05)


def test_with_folds_the_variance_is_doubled():
    first, second = drawn(400)
    folds = np.arange(400)[None] % 5
    ours = paired_differences(
        *(made(one.probabilities, one.labels, folds=folds) for one in (first, second)), resamples=4000
    )[0]
    right, other = ((one.probabilities[0, 0] >= 0.5) == one.labels[0] for one in (first, second))
    gain = (right.astype(float) - other).reshape(-1, 5)  # a column per fold
    variance = (gain.var(axis=0) / len(gain)).sum() / 5**2  # of the mean of five folds' means
    half = stats.t.ppf(0.975, 399) * np.sqrt(2 * variance)
    assert (ours.high - ours.low) / 2 == pytest.approx(half, rel=0.05)
    assert ours.coverage.words == "new photos and new folds, but not new training seeds"


def test_the_scatter_of_training_seeds_is_part_of_the_interval():
    labels = [[1] * 50] * 3
    # every photo is right with seeds 0 and 1, and wrong with seed 2: photos do not matter, seeds do
    seeds = replace(made([[[0.9] * 50, [0.9] * 50, [0.1] * 50]], labels), repeats=(0, 0, 0))
    wrong = made([[[0.1] * 50]], labels[:1])
    found = paired_differences(replace(seeds, training_seeds=(0, 1, 2)), wrong)[0]
    theirs = stats.ttest_1samp([1, 1, 0], 0).confidence_interval()
    assert (found.mean, found.low, found.high) == pytest.approx((2 / 3, theirs.low, theirs.high))
    assert found.coverage.words == (
        "new photos to test on and new training seeds of the encoder, but not new photos to train probes on "
        "or new training seeds of the reference"
    )
    # three probes of one encoder are no trainings of it
    assert paired_differences(seeds, wrong)[0].low == pytest.approx(2 / 3)


def test_variances_are_added_as_welch_does():
    one, two = np.random.default_rng(0).normal(size=(2, 8))
    two = 3 * two[:4]
    theirs = stats.ttest_ind(one, two, equal_var=False).confidence_interval()
    terms = [(np.array([side.var(ddof=1) / len(side)]), len(side) - 1) for side in (one, two)]
    assert half_width(terms)[0] == pytest.approx((theirs.high - theirs.low) / 2)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (Coverage("groups", True, True, True), "new groups, new folds and new training seeds"),
        (
            Coverage("photos", False, False, False),
            "new photos to test on, but not new photos to train probes on or new training seeds",
        ),
        (
            Coverage("photos", True, False, True),
            "new photos, new folds and new training seeds of the reference, but not new training seeds of "
            "the encoder",
        ),
    ],
)
def test_what_an_interval_covers_in_words(coverage, words):
    assert coverage.words == words
    one = Difference(0.0, -1.0, 1.0, coverage)
    assert what_is_covered({"a": [one, None], "b": [one]}) == f"The 95% intervals cover {words}."
    other = replace(one, coverage=Coverage("photos", True, False, False))
    assert what_is_covered({"a": [one], "b": [other], "c": [one]}) == (
        f"The 95% intervals of a and c cover {words}. The 95% intervals of b cover new photos and new folds, "
        "but not new training seeds."
    )


def test_the_average_over_layers_is_drawn_together():
    first, second = drawn(200, layers=1)
    twice = made(np.repeat(first.probabilities, 2, axis=0), first.labels)
    other = made(np.repeat(second.probabilities, 2, axis=0), first.labels)
    one, two, average = paired_differences(twice, other)
    # layers that always agree tell no more than one of them
    assert one == two == average


def test_repeats_of_the_same_photos_count_as_the_same_photos():
    first, second = drawn(200)
    many = [
        made(np.repeat(one.probabilities, 5, axis=1), np.repeat(one.labels, 5, axis=0))
        for one in (first, second)
    ]
    for ours, theirs in zip(np.ravel(paired_differences(*many)), np.ravel(paired_differences(first, second))):
        for name in ("mean", "low", "high"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-12)


SKLEARNS = {
    "accuracy": lambda labels, values: accuracy_score(labels, values >= 0.5),
    "balanced_accuracy": lambda labels, values: balanced_accuracy_score(labels, values >= 0.5),
    "auc": roc_auc_score,
}


@pytest.mark.parametrize("measure", SKLEARNS)
def test_measures_are_sklearns_averaged_over_folds_and_then_over_repeats(measure):
    first, second = drawn(90, layers=2, repeats=3, seed=5)
    # three folds of 20, 20 and 50 photos, dealt anew in each repeat, each with a level of its own
    generator = np.random.default_rng(1)
    folds = np.stack([generator.permutation(np.repeat([0, 1, 2], [20, 20, 50])) for _ in range(3)])
    level = np.array([0.4, 0.7, 1.0])[folds]
    # coarse probabilities, so that there are ties
    first, second = (
        made((one.probabilities * level).round(1), one.labels, folds=folds) for one in (first, second)
    )
    found = paired_differences(first, second, measure, resamples=200)
    means = []
    for layer in range(2):
        each = [
            SKLEARNS[measure](one.labels[repeat, photos], one.probabilities[layer, repeat, photos])
            for one in (first, second)
            for repeat in range(3)
            for photos in (folds[repeat] == fold for fold in range(3))
        ]
        means.append(np.mean(each[:9]) - np.mean(each[9:]))
        assert found[layer].mean == pytest.approx(means[layer])
        assert found[layer].low < found[layer].mean < found[layer].high
    assert found[2].mean == pytest.approx(np.mean(means))


def test_a_fold_that_a_resample_leaves_without_a_class_does_not_count():
    # fold 0 has one photo of each class: half of the resamples lack one of them there
    labels, folds = [[0, 1] + [0, 1] * 10], [[0, 0] + [1] * 20]
    right, wrong = np.array(labels) * 0.8 + 0.1, 0.9 - np.array(labels) * 0.8
    differ = made([right], labels, folds=folds), made([wrong], labels, folds=folds)
    for measure in ("balanced_accuracy", "auc"):
        found = paired_differences(*differ, measure, resamples=300)[0]
        assert (found.mean, found.low, found.high) == (1, 1, 1)


def test_seeds_of_a_probe_are_averaged_after_they_were_measured():
    labels = [[1, 1, 0, 0]] * 2
    # two seeds: 3 of 4 and 1 of 4 right; the mean of their probabilities has 2 of 4 right
    one = made([[[0.9, 0.6, 0.4, 0.6], [0.2, 0.3, 0.6, 0.4]]], labels)
    two = made([[[0.4, 0.4, 0.6, 0.6]]], labels[:1])  # one seed, nothing right
    found = paired_differences(replace(one, repeats=(0, 0)), two)[0]
    assert found.mean == pytest.approx((3 / 4 + 1 / 4) / 2)


def test_a_weighted_auc_is_the_auc_of_repeated_photos():
    from aesthkeras.reports.significance import _weighted_auc

    generator = np.random.default_rng(2)
    scores, labels = generator.random(30).round(1), generator.integers(0, 2, 30)
    weights = generator.integers(0, 4, (5, 30))
    found = _weighted_auc(scores, labels, weights.astype(float))
    for row, times in zip(found, weights):
        assert row == pytest.approx(roc_auc_score(np.repeat(labels, times), np.repeat(scores, times)))


def test_the_same_seed_gives_the_same_interval_however_it_is_cut(monkeypatch):
    first, second = drawn(100)
    found = paired_differences(first, second, seed=4)
    assert paired_differences(first, second, seed=4) == found
    monkeypatch.setattr("aesthkeras.reports.significance.ENTRIES_AT_ONCE", 7 * 100)
    assert paired_differences(first, second, seed=4) == found
    assert paired_differences(first, second, seed=5) != found


def test_untested_and_unlabelled_photos_do_not_count():
    first, second = drawn(100, repeats=2, seed=1)
    probabilities, labels = first.probabilities.copy(), first.labels.copy()
    probabilities[:, :, 60:80] = np.nan
    labels[:, 80:] = -1
    found = paired_differences(made(probabilities, labels), made(second.probabilities, labels), resamples=100)
    part = [made(one.probabilities[:, :, :60], one.labels[:, :60]) for one in (first, second)]
    assert found == paired_differences(*part, resamples=100)


def test_an_encoder_against_itself_shows_nothing():
    first, _ = drawn(50, layers=3)
    for found in paired_differences(first, first):
        assert (found.mean, found.low, found.high) == (0, 0, 0)
        assert not found.excludes_zero


def test_about_one_in_twenty_intervals_of_equal_encoders_excludes_zero():
    generator = np.random.default_rng(11)
    labels = np.ones((1, 150), int)
    misses = 0
    for trial in range(300):
        first, second = generator.random((2, 1, 1, 150))
        found = paired_differences(made(first, labels), made(second, labels), resamples=300, seed=trial)
        misses += found[0].excludes_zero
    assert 5 <= misses <= 30  # 15 are expected; 3 standard deviations are 11


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ids": np.array(["other"] * 20)}, "same photos"),
        ({"labels": np.zeros((1, 20), np.int8)}, "same labels"),
        ({"folds": np.ones((1, 20), np.int8)}, "same folds"),
        ({"probabilities": np.full((1, 1, 20), np.nan, np.float32)}, "tested"),
    ],
)
def test_what_cannot_be_paired_is_refused(change, words):
    first, second = drawn(20)
    with pytest.raises(UsageError, match=words):
        paired_differences(first, replace(second, **change))
