"""A JPEG's segments: orientation wherever Pillow finds it, CMYK with and without Adobe's marker."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.decoding.jpeg import is_plain_jpeg
from tests.decoding.core import decoded, refusal
from tests.decoding.writers import exif_of, segment, with_segment, without_adobe_marker, xmp_segment

TABLES, FRAME, SCAN = 0xDB, 0xC0, 0xDA


def exif_segment(orientation):
    return segment(0xE1, exif_of(orientation).tobytes())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("as_element", [False, True])
def test_an_orientation_that_stands_in_xmp_only_is_applied(orientation, as_element, photo, encoded, shown):
    contents = with_segment(encoded(photo, "JPEG"), xmp_segment(orientation, as_element=as_element))
    expected = shown(encoded(photo, "JPEG", exif=exif_of(orientation)))
    assert (expected.shape[0] > expected.shape[1]) == (orientation >= 5)
    np.testing.assert_array_equal(decoded(contents), expected)


@pytest.mark.parametrize(("in_exif", "counts"), [(1, 1), (3, 3), (9, 1)])
def test_exif_counts_more_than_xmp_even_where_it_is_wrong(in_exif, counts, photo, encoded, shown):
    contents = with_segment(encoded(photo, "JPEG"), xmp_segment(6) + exif_segment(in_exif))
    np.testing.assert_array_equal(decoded(contents), shown(encoded(photo, "JPEG", exif=exif_of(counts))))


def test_xmp_counts_where_exif_names_no_orientation(photo, encoded, shown):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    contents = with_segment(encoded(photo, "JPEG"), segment(0xE1, exif.tobytes()) + xmp_segment(8))
    np.testing.assert_array_equal(decoded(contents), shown(encoded(photo, "JPEG", exif=exif_of(8))))


@pytest.mark.parametrize("before", [TABLES, FRAME, SCAN])
@pytest.mark.parametrize("progressive", [False, True])
def test_exif_may_stand_behind_tables(before, progressive, photo, encoded, shown):
    plain = encoded(photo, "JPEG", progressive=progressive)
    before = 0xC2 if before == FRAME and progressive else before
    contents = with_segment(plain, exif_segment(6), before)
    assert shown(contents).shape == (225, 150, 3)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


@pytest.mark.parametrize("filling", [b"\xff", b"\xff" * 300, b"\0" * 5, b"junk" * 40, b"\xff\0\xff"])
def test_bytes_between_segments_are_gone_over(filling, photo, encoded, shown):
    contents = with_segment(encoded(photo, "JPEG"), segment(0xFE) + filling + exif_segment(6))
    assert shown(contents).shape == (225, 150, 3)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


@pytest.mark.parametrize(("kind", "size"), [(3, 2), (4, 4), (6, 1), (8, 2), (9, 4)])
@pytest.mark.parametrize("order", ["little", "big"])
def test_an_orientation_may_be_a_number_of_any_size(kind, size, order, photo, encoded, shown):
    entry = b"".join(
        value.to_bytes(length, order) for value, length in ((1, 2), (0x0112, 2), (kind, 2), (1, 4), (6, size))
    )
    head = b"II*\0" if order == "little" else b"MM\0*"
    tiff = head + (8).to_bytes(4, order) + entry.ljust(14, b"\0") + bytes(4)
    contents = with_segment(encoded(photo, "JPEG"), segment(0xE1, b"Exif\0\0" + tiff))
    assert shown(contents).shape == (225, 150, 3)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


@pytest.mark.parametrize("progressive", [False, True])
def test_cmyk_without_adobes_marker_is_taken_for_inverted_as_pillow_does(progressive, photo, encoded, shown):
    contents = without_adobe_marker(encoded(photo.convert("CMYK"), "JPEG", progressive=progressive))
    assert b"Adobe" not in contents and Image.open(io.BytesIO(contents)).mode == "CMYK"
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_adobes_marker_may_stand_behind_tables(photo, encoded, shown):
    contents = encoded(photo.convert("CMYK"), "JPEG")
    moved = with_segment(without_adobe_marker(contents), segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"), SCAN)
    np.testing.assert_array_equal(decoded(moved), decoded(contents))
    np.testing.assert_array_equal(decoded(moved), shown(contents))


def test_cmyk_that_lies_on_its_side_is_turned(photo, encoded, shown):
    contents = with_segment(without_adobe_marker(encoded(photo.convert("CMYK"), "JPEG")), exif_segment(8))
    assert shown(contents).shape == (225, 150, 3)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_a_jpeg_of_several_scans_is_decoded(photo, encoded, shown):
    contents = encoded(photo, "JPEG", progressive=True)
    assert contents.count(b"\xff\xda") > 5
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_a_video_behind_a_progressive_jpeg_does_not_count_as_scans(photo, encoded, shown):
    video = np.random.default_rng(0).integers(0, 256, 8_000_000, np.uint8).tobytes()
    assert video.count(b"\xff\xda") > 100
    contents = encoded(photo, "JPEG", progressive=True) + video
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_uncommon_kinds_are_refused_by_their_name(photo, encoded):
    contents = encoded(photo, "JPEG")
    frame = contents.index(b"\xff\xc0")
    extended = contents[: frame + 1] + b"\xc1" + contents[frame + 2 : frame + 4] + b"\x0c"
    assert refusal(extended + contents[frame + 5 :]) == "a JPEG of 3 components of 12 bits is not supported"
    of_two = contents[: frame + 9] + b"\x02" + contents[frame + 10 :]
    assert refusal(of_two) == "a JPEG of 2 components of 8 bits is not supported"


def test_what_prepare_and_pillow_write_takes_the_short_way(photo, encoded):
    stored = tf.io.encode_jpeg(np.asarray(photo), quality=95)
    for contents in (stored, encoded(photo, "JPEG"), encoded(photo, "JPEG", quality=30, subsampling=0)):
        assert is_plain_jpeg(contents)


@pytest.mark.parametrize(
    "make",
    [
        lambda photo, encoded: with_segment(encoded(photo, "JPEG"), exif_segment(6), TABLES),
        lambda photo, encoded: with_segment(encoded(photo, "JPEG"), exif_segment(6), SCAN),
        lambda photo, encoded: encoded(photo, "JPEG", progressive=True),
        lambda photo, encoded: encoded(photo.convert("CMYK"), "JPEG"),
        lambda photo, encoded: encoded(photo, "JPEG")[:-2],
        lambda photo, encoded: encoded(photo.resize((9, 90)), "JPEG"),
        lambda photo, encoded: encoded(photo, "JPEG")[:500],
        lambda photo, encoded: b"",
    ],
)
def test_what_needs_a_check_does_not(make, photo, encoded):
    assert not is_plain_jpeg(tf.constant(make(photo, encoded)))
