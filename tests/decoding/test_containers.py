"""What is refused before Pillow parses a file: raw files, previews, and parts that cost more than a photo."""

from __future__ import annotations

import io
import struct
import time

import numpy as np
import pytest
import tifffile

from aesthkeras.decoding.pillow_photos import decode_with_pillow
from aesthkeras.decoding.refusal import RAW
from tests.decoding.writers import COUNT, needs_avif, tiff_of, with_tag

SUB_FILE, PHOTOMETRIC, STRIPS = 254, 262, 273
OF_A_SENSOR = 32803


def tiff_of_pages(*pages, **options):
    out = io.BytesIO()
    with tifffile.TiffWriter(out, **options) as writer:
        for pixels, page_options in pages:
            writer.write(pixels, **page_options)
    return out.getvalue()


def preview(**options):
    return np.zeros((120, 160, 3), np.uint8), {"photometric": "rgb", **options}


def sensor():
    pixels = np.random.default_rng(0).integers(0, 2**14, (300, 400)).astype(np.uint16)
    pattern = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, bytes([0, 1, 1, 2]), True)]
    return pixels, {"photometric": OF_A_SENSOR, "extratags": pattern}


DNG_VERSION = (50706, 1, 4, bytes([1, 4, 0, 0]), True)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        # as NEF, ARW and others begin: a preview, and the sensor's pixels below it
        (lambda: tiff_of_pages(preview(subfiletype=1, subifds=1), sensor()), RAW),
        (lambda: tiff_of_pages(preview(subifds=1), sensor(), byteorder=">"), RAW),
        (lambda: tiff_of_pages(preview(subifds=2), preview(), sensor(), bigtiff=True), RAW),
        (lambda: tiff_of_pages(sensor()), RAW),  # PEF
        (lambda: tiff_of_pages(preview(extratags=[DNG_VERSION])), RAW),
        (lambda: b"II*\0\x10\0\0\0CR\2\0" + bytes(99), RAW),  # CR2
        (lambda: b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", RAW),
        (
            lambda: tiff_of_pages(preview(subfiletype=1), preview()),
            "a TIFF that begins with a preview of its picture is not supported",
        ),
    ],
)
def test_raw_files_and_previews_are_refused(make, reason, first_look):
    assert first_look(make()) == reason


def test_a_picture_that_is_followed_by_its_preview_is_decoded(photo, first_look):
    pixels = np.asarray(photo)
    contents = tiff_of_pages(
        (pixels, {"photometric": "rgb", "subifds": 1}), preview(subfiletype=1), preview()
    )
    assert first_look(contents) == ""
    np.testing.assert_array_equal(decode_with_pillow(contents), pixels)


def seconds(contents, first_look):
    began = time.process_time()
    reason = first_look(contents)
    return time.process_time() - began, reason


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_a_tile_for_each_pixel_is_refused(order, photo, first_look):
    width, height = 500, 500  # which took Pillow 2 s
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1, 322: 1, 323: 1}
    start = 8 + 2 + 12 * (len(tags) + 2) + 4
    entries = [struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags.items()]
    count = width * height
    entries += [struct.pack(order + "HHII", tag, 4, count, start) for tag in (324, 325)]
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    contents = head + b"".join(entries) + bytes(4) + struct.pack(order + "I", start) * count
    assert first_look(contents) == "the TIFF has more strips or tiles than its size takes"


def test_a_tiff_of_more_strips_than_rows_is_refused(photo, encoded, first_look):
    contents = encoded(photo, "TIFF")
    assert first_look(with_tag(contents, STRIPS, COUNT, 100_000)) == (
        "the TIFF has more strips or tiles than its size takes"
    )


@pytest.mark.parametrize("rows", [1, 7])
def test_a_strip_for_each_row_is_decoded(rows, photo, first_look):
    contents = tiff_of(np.asarray(photo), photometric="rgb", rowsperstrip=rows)
    assert first_look(contents) == ""
    np.testing.assert_array_equal(decode_with_pillow(contents), photo)


@pytest.mark.parametrize("options", [{}, {"planarconfig": "separate"}, {"compression": "zlib"}])
def test_tiles_are_decoded(options, photo, first_look):
    pixels = np.asarray(photo)
    pixels = np.moveaxis(pixels, 2, 0) if "planarconfig" in options else pixels
    contents = tiff_of(pixels, photometric="rgb", tile=(16, 16), **options)
    assert first_look(contents) == ""
    np.testing.assert_array_equal(decode_with_pillow(contents), photo)


def heavy_exif(tags, size):
    """EXIF data of which every tag names the same part of the file."""
    values = 8 + 2 + 12 * tags + 4
    entries = [struct.pack("<HHII", 2_000 + number, 7, size, values) for number in range(tags)]
    return b"II*\0\x08\0\0\0" + struct.pack("<H", tags) + b"".join(entries) + bytes(4) + bytes(size)


@pytest.mark.parametrize("format_name", ["WEBP", pytest.param("AVIF", marks=needs_avif)])
@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        (1000, "the {} data is damaged or truncated"),
        (60_000, "a TIFF structure of over 4096 tags: damaged"),
    ],
)
def test_exif_that_names_a_part_of_the_file_again_and_again_is_refused(
    tags, reason, format_name, photo, encoded, first_look
):
    # Pillow before 13 held each tag's values in memory: 60 GB
    contents = encoded(photo, format_name, exif=heavy_exif(tags, 1_000_000))
    took, said = seconds(contents, first_look)
    assert said.upper() == reason.format(format_name).upper()
    assert took < 1


def test_a_tiff_that_names_a_part_of_the_file_again_and_again_is_refused(first_look):
    assert first_look(heavy_exif(1000, 1_000_000)) == "the TIFF data is damaged or truncated"


def test_the_exif_of_a_camera_is_light(photo, encoded, first_look):
    exif = photo.getexif()
    exif[0x010F], exif[0x0112] = "a camera with a long name", 6
    exif.get_ifd(0x8769).update({0x9003: "2024:01:01 00:00:00", 0x927C: b"maker" * 9000})
    exif.get_ifd(0x8825)[1] = "N"
    contents = encoded(photo, "WEBP", lossless=True, exif=exif)
    assert first_look(contents) == ""
    np.testing.assert_array_equal(decode_with_pillow(contents), np.rot90(np.asarray(photo), -1))


def boxes(contents, start, end):
    while start < end:
        size = int.from_bytes(contents[start : start + 4], "big")
        yield contents[start + 4 : start + 8], start, size
        start += size


def with_items(avif, number):
    """An AVIF that lists more items, of no picture and of no use."""
    contents = bytearray(avif)
    meta, meta_size = next((at, size) for kind, at, size in boxes(avif, 0, len(avif)) if kind == b"meta")
    inner = {kind: (at, size) for kind, at, size in boxes(avif, meta + 12, meta + meta_size)}
    at, size = inner[b"iinf"]
    kind = struct.pack(">I4sI", 21, b"infe", 0x02000001)
    items = b"".join(kind + struct.pack(">HH4sx", 100 + item, 0, b"none") for item in range(number))
    count = int.from_bytes(avif[at + 12 : at + 14], "big")
    contents[at + 12 : at + 14] = (count + number).to_bytes(2, "big")
    for box, box_size in ((at, size), (meta, meta_size)):
        contents[box : box + 4] = (box_size + len(items)).to_bytes(4, "big")
    return bytes(contents[: at + size]) + items + bytes(contents[at + size :])


@needs_avif
def test_an_avif_of_very_many_items_is_refused(photo, encoded, first_look):
    # libavif looks each up among all: 60,000 took 7 s
    reason = "the AVIF lists more pictures than a photo is made of"
    assert first_look(with_items(encoded(photo, "AVIF"), 60_000)) == reason
    assert first_look(with_items(encoded(photo, "AVIF"), 5)) == ""
