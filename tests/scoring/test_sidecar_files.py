"""Stars by shares or by scores, labels of groups, keywords of what is likely; what went wrong is counted."""

from __future__ import annotations

import pytest

from aesthkeras.culling.sidecar_rule import SidecarRule
from aesthkeras.scoring.listing import Listed
from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.sidecar_files import judgement_of, write_sidecars
from aesthkeras.scoring.store import ScoreStore

SHARES = SidecarRule("darktable", (10.0, 35.0, 65.0, 90.0), True)
BOUNDS = (0.2, 0.4, 0.6, 0.8)


@pytest.mark.parametrize(
    ("score", "stars"), [(0.0, 1), (0.19, 1), (0.2, 2), (0.5, 3), (0.79, 4), (0.8, 5), (1.0, 5)]
)
def test_stars_by_scores(score, stars):
    assert judgement_of(Row("a.jpg", score), BOUNDS) == (stars, "", ())


@pytest.mark.parametrize(
    ("row", "label"),
    [
        (Row("a", 0.5, group="1", best_of_group=True), "Green"),
        (Row("a", 0.5, group="1"), "Yellow"),
        (Row("a", 0.5), ""),
        (Row("a", 0.5, faults={"hardly a photo": 1.0}, group="1", best_of_group=True), "Red"),
    ],
)
def test_labels_tell_the_best_of_a_group_from_the_others_and_what_is_no_photo(row, label):
    assert judgement_of(row, BOUNDS).label == label


def test_keywords_are_likely_faults_and_never_that_there_is_none():
    row = Row("a", 0.5, faults={"nothing": 0.6, "blurred": 0.5, "noisy": 0.49, "small": 1.0})
    assert judgement_of(row, BOUNDS).faults == ("blurred", "small")


def scored(folder, scores: dict[str, float | None]) -> ScoreStore:
    store = ScoreStore(None, "")
    paths = [str(folder / name) for name in scores]
    store.put_in_order(Listed(0, 0, path) for path in paths)
    store.add(
        Row(path, error="no photo") if score is None else Row(path, score)
        for path, score in zip(paths, scores.values(), strict=True)
    )
    return store


def stars_in(folder) -> dict[str, int]:
    return {path.name: int(path.read_text().partition('xmp:Rating="')[2][0]) for path in folder.glob("*.xmp")}


def test_stars_by_shares_give_a_tenth_five_and_photos_without_a_score_none(tmp_path, capsys):
    with scored(tmp_path, {**{f"{place}.jpg": place / 20 for place in range(20)}, "text.jpg": None}) as store:
        write_sidecars(store, SHARES)
    stars = stars_in(tmp_path)
    counts = [list(stars.values()).count(number) for number in range(1, 6)]
    assert counts == [2, 5, 6, 5, 2]
    assert (stars["0.jpg.xmp"], stars["19.jpg.xmp"], len(stars)) == (1, 5, 20)
    assert "20 sidecars written" in capsys.readouterr().err


def test_a_raw_file_and_a_jpeg_share_one_sidecar_and_a_damaged_one_is_left_and_counted(tmp_path, capsys):
    (tmp_path / "b.xmp").write_text("damaged")
    with scored(tmp_path, {"a.cr2": 0.9, "a.jpg": 0.1, "b.jpg": 0.3}) as store:
        write_sidecars(store, SidecarRule("lightroom", BOUNDS, False))
    assert 'xmp:Rating="5"' in (tmp_path / "a.xmp").read_text()
    assert (tmp_path / "b.xmp").read_text() == "damaged"
    said = capsys.readouterr().err
    assert "1 sidecar written" in said and "1 photo without a sidecar: it would be" in said
    assert f"1 sidecar left as found; the first: {tmp_path / 'b.xmp'}" in said


def test_nothing_that_was_read_is_no_sidecar(tmp_path):
    with scored(tmp_path, {"text.jpg": None}) as store:
        write_sidecars(store, SHARES)
    assert list(tmp_path.iterdir()) == []
