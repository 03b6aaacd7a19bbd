"""Sidecars beside photos: by either convention, whole or not there, and read back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from aesthkeras.culling import sidecars
from aesthkeras.culling.sidecar_rule import star_bounds
from aesthkeras.culling.sidecars import SidecarError, sidecar_of, stars_for, write_judgement
from aesthkeras.culling.xmp import Judgement

FOREIGN = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="%d"/>
</rdf:RDF></x:xmpmeta>"""


def test_a_sidecar_is_named_as_its_program_names_it():
    assert sidecar_of("/p.q/a.b.jpg", "darktable") == "/p.q/a.b.jpg.xmp"
    assert sidecar_of("/p.q/a.b.jpg", "lightroom") == "/p.q/a.b.xmp"
    assert sidecar_of("/p.q/a", "lightroom") == "/p.q/a.xmp"


def test_what_is_written_once_is_not_written_again(tmp_path):
    path = str(tmp_path / "a.jpg.xmp")
    assert write_judgement(path, Judgement(3))
    before = os.stat(path)
    assert not write_judgement(path, Judgement(3))
    assert os.stat(path) == before
    assert os.listdir(tmp_path) == ["a.jpg.xmp"]


def test_what_cannot_be_parsed_or_written_is_left_and_named(tmp_path, monkeypatch):
    path = tmp_path / "a.xmp"
    path.write_bytes(b"not xml")
    with pytest.raises(SidecarError, match="a.xmp: syntax error"):
        write_judgement(str(path), Judgement(3))
    assert path.read_bytes() == b"not xml"
    (tmp_path / "b.xmp").mkdir()
    with pytest.raises(SidecarError, match="b.xmp: Is a directory"):
        write_judgement(str(tmp_path / "b.xmp"), Judgement(3))
    monkeypatch.setattr(sidecars, "MOST_BYTES", 3)
    with pytest.raises(SidecarError, match="over 3 bytes"):
        write_judgement(str(path), Judgement(3))


def test_stars_come_from_either_sidecar_or_from_the_photo(photo, tmp_path):
    path = str(tmp_path / "a.jpg")
    photo.save(path, xmp=FOREIGN % 2)
    assert stars_for(path) == 2
    (tmp_path / "a.xmp").write_bytes(FOREIGN % 3)
    assert stars_for(path) == 3
    write_judgement(f"{path}.xmp", Judgement(5))
    assert stars_for(path) == 3  # ours are nobody's
    (tmp_path / "a.jpg.xmp").write_bytes(FOREIGN % 4)
    assert stars_for(path) == 4
    (tmp_path / "a.jpg.xmp").write_bytes(b"damaged")
    with pytest.raises(SidecarError, match="a.jpg.xmp"):
        stars_for(path)
    photo.save(tmp_path / "none.jpg")
    assert stars_for(str(tmp_path / "none.jpg")) is None


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed: libimage-exiftool-perl")
def test_exiftool_reads_what_is_written(tmp_path):
    new, foreign = str(tmp_path / "a.jpg.xmp"), str(tmp_path / "b.xmp")
    subprocess.run(["exiftool", "-q", "-Subject=sea & sky", "-Title=Ours", "-o", foreign], check=True)
    for path in (new, foreign):
        write_judgement(path, Judgement(4, "Green", ("blurred", "hardly a photo")))
    said = subprocess.run(["exiftool", "-j", "-G", new, foreign], capture_output=True, check=True)
    seems = ["seems blurred", "seems hardly a photo"]
    for tags, subject in zip(json.loads(said.stdout), (seems, ["sea & sky", *seems]), strict=True):
        assert (tags["XMP:Rating"], tags["XMP:Label"], tags["XMP:Subject"]) == (4, "Green", subject)
    assert tags["XMP:Title"] == "Ours"
    # and exiftool can go on with it
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-Rating=1", new], check=True)
    write_judgement(new, Judgement(5))
    said = subprocess.run(["exiftool", "-j", new], capture_output=True, check=True)
    assert json.loads(said.stdout)[0]["Rating"] == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10%,35%,65%,90%", ((10.0, 35.0, 65.0, 90.0), True)),
        ("0.2, 0.4,0.6,1", ((0.2, 0.4, 0.6, 1.0), False)),
        ("10%,35%,65%,0.9", None),
        ("10%,35%,65%", None),
        ("35%,10%,65%,90%", None),
        ("10,35,65,90", None),
        ("10%,35%,65%,101%", None),
        ("1.2.3,2,3,4", None),
        ("", None),
    ],
)
def test_bounds_of_stars(text, expected):
    assert star_bounds(text) == expected
