"""What a report compares and says: the reference, the headline, the measure, notes and refusals."""

from __future__ import annotations

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.reports.measures import MEASURES
from tests.report_pages import lines, reported


def test_the_headline_says_who_leads_and_whether_it_is_more_than_chance(folders, tmp_path):
    report = reported(folders, tmp_path)
    first, second = (part.headline for part in report.sections)
    assert first.startswith("OASIS: pretext has the best accuracy averaged over layers, 74.0%; +15.0 points")
    assert "no difference" not in first
    assert "pretext and plain share" in second
    assert "no difference is shown" in second
    assert "Above plain on OASIS (95%" in report.headline
    (first,) = (part.headline for part in reported(folders[1:3], tmp_path).sections)
    assert "plain has the best" in first
    assert "and is the reference; next loser, -15.0 points" in first


@pytest.mark.parametrize(("wanted", "reference"), [("", "plain"), ("loser", "loser")])
def test_the_reference(folders, tmp_path, wanted, reference):
    assert reported(folders[:3], tmp_path, reference=wanted).reference == reference


def test_without_a_random_encoder_the_first_is_the_reference(folders, tmp_path):
    assert reported(folders[:2], tmp_path).reference == "pretext"


def test_words_say_what_an_interval_covers_and_what_a_deviation_is(folders, tmp_path):
    report = reported(folders, tmp_path / "out")
    covers = "The 95% intervals cover new photos and new folds, but not new training seeds."
    for name in ("report.md", "report.html"):
        text = (tmp_path / "out" / name).read_text()
        assert text.count(covers) >= 3  # of each data set's table, and of the averages
        assert "the spread of single ones, which share their photos" in text
    assert "Mean ± standard deviation over 2 repeats, each first averaged over its 2 folds" in (
        report.sections[0].caption
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--label_draws=stratified\n", "Of the labels a share keeps that share of each class."),
        ("--label_draws=balanced\n", "Of the labels a share keeps as many of each class."),
        ("", ""),
    ],
)
def test_few_labels_say_how_they_were_drawn(probe_run, scores, tmp_path, flags, words):
    reported([probe_run("a", scores(0.6), flags=flags)], tmp_path / "out")
    caption = "Mean ± standard deviation over repeats and seeds; each repeat draws the labels anew."
    for name in ("report.md", "report.html"):
        assert f"{caption} {words}".strip() in (tmp_path / "out" / name).read_text()
    assert ("share keeps" in (tmp_path / "out/report.md").read_text()) == bool(words)


def test_runs_with_few_labels_only_have_an_empty_row_and_a_note(folders, probe_run, scores, tmp_path):
    few = probe_run("few", scores(0.5, fractions=(0.1,)), photos=200)
    reported([*folders[:3], few], tmp_path / "out")
    text = (tmp_path / "out/report.md").read_text()
    assert "| few | – | – | – | – | – | – |" in text
    assert "few was not probed with all labels on OASIS" in text


def test_other_measures(probe_run, tmp_path):
    def full(value):
        measures = {"accuracy": value, "auc": value, "srcc": value / 2}
        return {("conv1", 1, repeat, 0): measures for repeat in (0, 1)}

    folders = [probe_run("a", full(0.75), photos=100), probe_run("random", full(0.5), photos=100)]
    reported(folders, tmp_path / "srcc", measure=MEASURES["srcc"])
    text = (tmp_path / "srcc/report.md").read_text()
    assert "**0.375 ± 0.000**" in text
    assert "differences are in accuracy, not srcc" in text
    assert lines(tmp_path / "srcc/tables/differences.csv")[0]["measure"] == "accuracy"
    reported(folders, tmp_path / "auc", measure=MEASURES["auc"])
    assert lines(tmp_path / "auc/tables/differences.csv")[0]["measure"] == "auc"
    with pytest.raises(UsageError, match="metric=plcc"):
        reported(folders, tmp_path / "plcc", measure=MEASURES["plcc"])


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"reference": "nobody"}, r"reference=nobody.*pretext"),
        ({"layer": "fc7"}, r"layer=fc7.*conv3"),
        ({"measure": MEASURES["srcc"]}, r"metric=srcc.*empty"),
    ],
)
def test_choices_that_fit_no_run(folders, tmp_path, choices, words):
    with pytest.raises(UsageError, match=words):
        reported(folders, tmp_path / "out", **choices)
    assert not (tmp_path / "out").exists()
