"""A few megabytes keep no process busy: each of these files took seconds, in the exported graph as well."""

from __future__ import annotations

import struct
import time
import zlib

import numpy as np
import pytest

from tests.decoding.core import decoded, refusal
from tests.decoding.writers import png_chunk, segment, with_chunks, with_segment

SECONDS = 2  # of processor time; the slowest takes 0.3 s, and without their bound these files took 3 to 30 s


@pytest.fixture
def small(photo):
    return photo.resize((32, 32))


@pytest.fixture(autouse=True)
def _graph_is_traced(photo, encoded):
    for image, format_name in ((photo, "JPEG"), (photo, "PNG"), (photo.quantize(9), "GIF")):
        decoded(encoded(image, format_name, comment=b"takes the long way"))


def timed(function, contents):
    began = time.process_time()
    outcome = function(contents)
    assert time.process_time() - began < SECONDS
    return outcome


def repeated_scan(contents, times):
    """A progressive JPEG that refines its last coefficients again and again."""
    start = contents.rindex(b"\xff\xda")
    return contents[:-2] + contents[start:-2] * times + contents[-2:]


def test_segments_of_a_jpeg(photo, encoded):
    contents = with_segment(encoded(photo, "JPEG"), segment(0xFE) * 1_000_000)
    assert timed(refusal, contents) == "the JPEG has over 1000 segments before its pixels"


@pytest.mark.parametrize("filling", [b"\xff", b"\0", b"\xff\0"])
def test_bytes_between_the_segments_of_a_jpeg(filling, photo, encoded):
    contents = with_segment(encoded(photo, "JPEG"), segment(0xFE) + filling * (4_000_000 // len(filling)))
    np.testing.assert_array_equal(timed(decoded, contents), decoded(encoded(photo, "JPEG")))


def test_scans_of_a_jpeg(photo, encoded):
    contents = encoded(photo.resize((1000, 1000)), "JPEG", progressive=True, quality=1)
    bomb = repeated_scan(contents, 10_000)
    assert len(bomb) < 4_000_000
    assert timed(refusal, bomb) == "the JPEG has too many scans; each is as slow as a photo"


@pytest.mark.parametrize(
    "filling",
    [
        png_chunk(b"tEXt") * 330_000,
        png_chunk(b"IDAT") * 330_000,
        b"\0\0\0\0abcd\0\0\0\0" * 330_000,
    ],
    ids=["texts", "pixels", "unknown"],
)
def test_chunks_of_a_png(filling, small, encoded):
    many = "the PNG has over 2000 chunks before or behind its pixels"
    assert timed(refusal, with_chunks(encoded(small, "PNG"), filling)) == many


def test_chunks_behind_the_pixels_of_a_png(small, encoded):
    contents = with_chunks(encoded(small, "PNG"), behind=png_chunk(b"tEXt") * 330_000)
    assert timed(refusal, contents) == "the PNG has over 2000 chunks before or behind its pixels"


def test_frames_of_an_animated_png(small, encoded):
    contents = with_chunks(encoded(small, "PNG"), png_chunk(b"acTL", bytes(8)), png_chunk(b"fdAT") * 330_000)
    np.testing.assert_array_equal(timed(decoded, contents), np.asarray(small))


def test_zeros_in_a_png(photo, encoded):
    reason = timed(refusal, encoded(photo, "PNG")[:33] + bytes(4_000_000))
    assert reason == "the PNG data is damaged or truncated"


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_texts_and_profiles_of_a_png_are_not_unpacked(kind, place, small, encoded):
    head = {b"zTXt": b"key\0\0", b"iTXt": b"key\0\1\0\0\0", b"iCCP": b"key\0\0"}[kind]
    chunk = png_chunk(kind, head + zlib.compress(bytes(7_900_000), 9))  # libpng unpacks up to 8 MB of each
    contents = with_chunks(encoded(small, "PNG"), **{place: chunk * 500})
    assert len(contents) < 4_000_000
    np.testing.assert_array_equal(timed(decoded, contents), np.asarray(small))


def png_of(pixels, data):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND")


def rows_of(pixels):
    return b"".join(b"\0" + row.tobytes() for row in pixels)


@pytest.mark.parametrize("edge", [32, 700])
@pytest.mark.parametrize("is_noise", [False, True])
def test_what_follows_the_last_row_of_a_png_is_not_unpacked(edge, is_noise):
    pixels = np.random.default_rng(0).integers(0, 4, (edge, edge, 3), np.uint8) * is_noise
    packer = zlib.compressobj(9)
    data = packer.compress(rows_of(pixels))
    data += b"".join(packer.compress(bytes(10_000_000)) for _ in range(40)) + packer.flush()
    contents = png_of(pixels, data)
    assert len(contents) < 1_000_000
    assert timed(refusal, contents) == "the PNG unpacks to far more than its pixels"


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize(
    "strategy", [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]
)
@pytest.mark.parametrize("black_rows", [0, 400, 800])
def test_no_way_of_packing_pixels_is_taken_for_that(level, strategy, black_rows):
    pixels = np.random.default_rng(0).integers(0, 256, (800, 600, 3), np.uint8)
    pixels[:black_rows] = 0
    packer = zlib.compressobj(level, strategy=strategy)
    contents = png_of(pixels, packer.compress(rows_of(pixels)) + packer.flush())
    np.testing.assert_array_equal(decoded(contents), pixels)


def test_extensions_of_a_gif(small, encoded):
    contents = encoded(small.quantize(9), "GIF")
    start = contents.index(b",\0\0\0\0")
    bomb = contents[:start] + b"!\xfe\0" * 1_300_000 + contents[start:]
    assert timed(refusal, bomb) == "the GIF has over 500 extensions before its image"


def test_blocks_of_one_byte_in_a_gif(small, encoded, shown):
    contents = encoded(small.quantize(9), "GIF")
    start = contents.index(b",\0\0\0\0")
    comment = contents[:start] + b"!\xfe" + b"\1x" * 2_000_000 + b"\0" + contents[start:]
    np.testing.assert_array_equal(timed(decoded, comment), shown(contents))
    behind = contents[:-2] + b"\1x" * 2_000_000 + contents[-2:]  # the frame's own data go on
    np.testing.assert_array_equal(timed(decoded, behind), shown(contents))
