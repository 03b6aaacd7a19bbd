"""The model card says what the graph takes and answers, and what the run folder holds: no more, no less."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aesthkeras.networks.model_card import Origin, Signature, model_card
from aesthkeras.training.run_folder import RunFolder

SIGNATURES = [Signature("serving_default", "`image_bytes` string [N]", "`score` float32 [N]")]
MEANING = {
    "score": "the probability that its mean rating in hills is at least 4.5",
    "rating": "the expected mean rating on the scale of hills",
    "rating_range": [1.0, 7.0],
    "dataset": "hills",
    "photos": 428,
    "encoder": {"name": "small", "fingerprint": "ab12", "spec": "savedmodels/small"},
    "trunk": "frozen",
    "blocks": ["conv3", "conv5"],
    "protocol": "5 folds drawn 4 times",
    "measured": {"accuracy": [0.68449, 0.0123], "balanced_accuracy": [0.67, 0.02]},
    "exported": "trained on all photos",
}


@pytest.fixture
def run(tmp_path) -> RunFolder:
    """A run folder as pre-training leaves it."""
    folder = RunFolder(tmp_path / "run")
    folder.claim(
        {"task": "rotation", "data_dir": "/home/someone/hills", "width": "0.5", "cache": "disk"}, set()
    )
    notes = "# Hills\nPhotos | CC BY 4.0"
    data = {"photos": 1234, "quarantined": 2, "fingerprint": "f00d", "notes": notes}
    folder.update_record(data=data, versions={"aesthkeras": "0.1.0"}, commit="c0ffee")
    for epoch, accuracy in ((1, 0.25), (2, 0.51234)):
        counts = {"epoch": epoch, "step": 40 * epoch, "images_seen": 10_240 * epoch}
        folder.append_metrics({**counts, "learning_rate": 0.1, "input_wait": 0.01, "accuracy": accuracy})
    return folder


def card_of(origin: Origin, **more) -> str:
    return model_card("mine", 3, SIGNATURES, (148, 131), origin, **more)


def rows(card: str, heading: str) -> dict[str, str]:
    """The two columns of the table under a heading."""
    lines = card.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: row[1] for row in cells if row[0]}


def test_an_encoders_card_tells_its_run(run):
    card = card_of(Origin.of_run(run, task_meaning="4-way classification of the turn."))
    first = "An encoder of photos, trained on the task `rotation`: 4-way classification of the turn."
    assert card.startswith(f"# mine, version 3\n\n{first}\n\nIt describes")
    assert "Made by aesthkeras 0.1.0, commit c0ffee." in card
    assert rows(card, "What it was trained on") == {
        "photos": "1234, 2 left out as unreadable",
        "fingerprint of the photos": "f00d",
        "images seen": "20,480, views of the same photo counted each",
        "epochs": "2",
        "--task": "rotation",
        "--width": "0.5",
    }
    assert rows(card, "What was measured") == {"accuracy": "0.5123"}
    assert "not on others" in card
    assert "square of 131 pixels" in card
    assert "/home/someone" not in card
    assert "## Limits" not in card and "rating" not in card


def test_what_is_said_of_the_photos_stands_word_for_word_and_is_no_markup(run):
    card = card_of(Origin.of_run(run))
    assert "What is said with the photos of `hills`:\n\n    # Hills\n    Photos | CC BY 4.0\n" in card
    assert "No licence is stated" not in card
    other = card_of(Origin.of_run(run, notes="Mine."))
    assert "\n    Mine.\n" in other
    assert "CC BY" not in other


def test_where_no_licence_is_stated_the_card_says_so(run):
    run.update_record(data={"photos": 4, "quarantined": 0, "fingerprint": "f00d", "notes": ""})
    card = card_of(Origin.of_run(run))
    assert "**No licence is stated with the photos of `hills`.**" in card
    assert rows(card, "What it was trained on")["photos"] == "4"


def test_a_scorers_card_tells_what_its_score_means_and_what_was_measured(run):
    card = card_of(Origin.of_run(run, encoder_notes="Nobody knows."), scorer=MEANING)
    assert "A scorer of photos: the probability that its mean rating in hills is at least 4.5.\n" in card
    assert "network on conv3, conv5 of the encoder `small`." in card
    assert "- `rating`: the expected mean rating on the scale of hills, from 1.0 to 7.0.\n" in card
    assert "cut off there, in the graph" in card
    limits = card.split("## Limits\n")[1].split("\n## ")[0]
    for word in ("size of the file", "bars", "soft backgrounds", "oversharpening", "benchmarks/limits.py"):
        assert word in limits
    measured = rows(card, "What was measured")
    assert measured == {"accuracy": "0.684 ± 0.012", "balanced accuracy": "0.670 ± 0.020"}
    trained = rows(card, "What it was trained on")
    assert trained["photos"] == "428 of hills"
    assert trained["encoder"] == "small, fingerprint ab12"
    assert "on other photos, of which is said:\n\n    Nobody knows.\n" in card


@pytest.mark.parametrize(
    ("spec", "said"),
    [("random:alexnet", "was not trained at all"), ("runs/x", "**no licence is stated with those**")],
)
def test_an_encoder_without_notes_below_a_scorer(run, spec, said):
    meaning = {**MEANING, "encoder": {**MEANING["encoder"], "spec": spec}}
    assert said in card_of(Origin.of_run(run), scorer=meaning)


def test_an_export_has_a_card_with_what_its_graph_takes_and_answers(export):
    card = (export.path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("# tiny, version 1\n")
    assert "shorter edge is 110 pixels, and **only the square of 96 pixels" in card
    assert "which of 21 edits" in card  # Table 1; the 22nd class is none of them
    taken = rows(card, "What it takes")
    assert taken["`features`"] == taken["`serving_default`"] == "`image_bytes` string [N]"
    assert taken["`pixels`"] == "`pixels` uint8 [N, any, any, 3]"
    [line] = [line for line in card.splitlines() if line.startswith("| `features`")]
    # 96 px at width 0.125: 10 x 10 x 16 values of conv1, 4 x 4 x 48 of conv4.
    assert "`conv1` float32 [N, 1600], " in line
    assert "`conv4` float32 [N, 768], " in line
    assert "`embedding` float32 [N, 512] |" in line
    assert card.count("Nothing is written down.") == 2
    assert "**No licence is stated with the photos.**" in card


def test_a_scorer_that_says_little_of_itself_has_a_card_too(scorer_export):
    card = (scorer_export / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert json.loads((scorer_export / "assets" / "scorer.json").read_text())["threshold"] == 4.1
    assert "A scorer of photos: the probability that a photo is positive.\n" in card
    [line] = [line for line in card.splitlines() if line.startswith("| `serving_default`")]
    assert "`score` float32 [N]" in line
    assert "conv1" not in line


@pytest.mark.parametrize(
    ("notes", "said"),
    [("CC0 photos.", "of which is said:\n\n    CC0 photos.\n"), ("", "**no licence is stated with those**")],
)
def test_the_encoder_that_training_began_with_is_named_with_its_photos(run, notes, said):
    origin = Origin.of_run(run, encoder_notes=notes)
    assert "began with" not in card_of(origin)
    card = card_of(replace(origin, flags={**origin.flags, "start_from": "savedmodels/other"}))
    assert "The encoder that training began with was trained on other photos" in card
    assert said in card
    assert rows(card, "What it was trained on")["--start_from"] == "savedmodels/other"


@pytest.mark.parametrize(
    ("spec", "seen"),
    [
        ("quality,statistics", []),
        ("quality,statistics,efficientnet_lite0?crop=448", ["efficientnet_lite0"]),
        ("keras:MobileNetV2?blocks=a,b,efficientnet_lite0", ["MobileNetV2", "efficientnet_lite0"]),
        ("keras:A?weights=imagenet", ["A"]),
        ("keras:A?weights=none,random:alexnet", []),
        ("keras:A?weights=mine.h5", []),
    ],
)
def test_a_scorers_card_says_which_encoders_have_seen_labels(run, spec, seen):
    meaning = {**MEANING, "encoder": {**MEANING["encoder"], "spec": spec}}
    card = card_of(Origin.of_run(run), scorer=meaning)
    said = f"**It has seen labels** beside the ratings: `{'` and `'.join(seen)}` learned ImageNet's"
    assert (said in card) if seen else ("seen labels" not in card)
    assert "own_weights.index" not in card


def test_a_scorer_on_a_scorer_with_content_has_seen_its_labels(run):
    card = card_of(Origin.of_run(run), scorer=MEANING, content=True)
    assert "`efficientnet_lite0` learned ImageNet's" in card and "own_weights.index" in card
    tuned = card_of(Origin.of_run(run), scorer={**MEANING, "trunk": "finetuned"}, content=True)
    assert "`efficientnet_lite0` learned ImageNet's" in tuned and "own_weights.index" not in tuned
