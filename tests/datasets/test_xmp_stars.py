"""Stars that people gave become scores."""

from __future__ import annotations

import pytest

from aesthkeras.culling.sidecars import write_judgement
from aesthkeras.culling.xmp import Judgement
from aesthkeras.datasets.find import read_dataset, title_of
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

FOREIGN = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"/>
</rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.jpg", "more/c.png", "rejected.jpg", "none.jpg", "ours.jpg", "damaged.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name, stars in (("a.jpg.xmp", 5), ("b.xmp", 1), ("more/c.png.xmp", 2), ("rejected.xmp", -1)):
        (tmp_path / name).write_bytes(FOREIGN % stars)
    (tmp_path / "damaged.xmp").write_bytes(b"<x")
    write_judgement(str(tmp_path / "ours.xmp"), Judgement(4))
    return tmp_path


def test_photos_with_stars_are_a_rated_set_and_the_others_are_left_out_with_a_reason(folder):
    found = read_dataset("xmp", str(folder), DatasetSettings(split="half"))
    assert {(record.id, record.score) for record in found.records} == {
        ("a.jpg", 5.0),
        ("b.jpg", 1.0),
        ("more/c.png", 2.0),
    }
    assert (found.score_range, found.classes) == ((1.0, 5.0), ("low", "high"))
    reasons = {identity: reason for identity, _, reason in found.left_out}
    assert reasons.pop("damaged.jpg").startswith("its stars cannot be read")
    none = "no stars of a person's"
    assert reasons == {"rejected.jpg": "rejected", "none.jpg": none, "ours.jpg": none}
    assert title_of("xmp", str(folder)) == folder.name


def test_a_folder_without_stars_and_settings_of_a_csv_are_mistakes(folder):
    for path in folder.rglob("*.xmp"):
        path.unlink()
    with pytest.raises(UsageError, match="none of 7 photos has stars; expected XMP sidecars"):
        read_dataset("xmp", str(folder), DatasetSettings())
    with pytest.raises(UsageError, match="score_range=1:5: expected none with dataset=xmp"):
        read_dataset("xmp", str(folder), DatasetSettings(score_range="1:5"))
