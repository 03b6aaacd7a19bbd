from __future__ import annotations

import io
import resource
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.decoding.limits import MAX_PIXELS
from aesthkeras.decoding.photo import decode_photo
from tests.decoding.core import decoded, graph, refusal
from tests.decoding.writers import png_chunk, with_alpha


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))


# name, how it is made of the photo, the largest difference from Pillow's pixels that is allowed
FILES = [
    ("jpeg", lambda photo, encoded: encoded(photo, "JPEG"), 0),
    ("jpeg 4:2:0", lambda photo, encoded: encoded(photo, "JPEG", quality=60, subsampling=2), 0),
    ("progressive jpeg", lambda photo, encoded: encoded(photo, "JPEG", progressive=True), 0),
    ("gray jpeg", lambda photo, encoded: encoded(photo.convert("L"), "JPEG"), 0),
    ("cmyk jpeg", lambda photo, encoded: encoded(photo.convert("CMYK"), "JPEG"), 0),
    (
        "jpeg with a large profile",
        lambda photo, encoded: encoded(photo, "JPEG", icc_profile=b"p" * 150_000),
        0,
    ),
    ("jpeg with something behind it", lambda photo, encoded: encoded(photo, "JPEG") + b"trailer" * 99, 0),
    ("png", lambda photo, encoded: encoded(photo, "PNG"), 0),
    ("gray png", lambda photo, encoded: encoded(photo.convert("L"), "PNG"), 0),
    ("1 bit png", lambda photo, encoded: encoded(photo.convert("1"), "PNG"), 0),
    ("palette png", lambda photo, encoded: encoded(photo.quantize(200), "PNG"), 0),
    ("palette png, 4 bit", lambda photo, encoded: encoded(photo.quantize(16), "PNG"), 0),
    ("palette png, transparent", lambda photo, encoded: encoded(photo.quantize(9), "PNG", transparency=3), 0),
    ("gray png, transparent", lambda photo, encoded: encoded(photo.convert("L"), "PNG", transparency=99), 0),
    ("1 bit png, transparent", lambda photo, encoded: encoded(photo.convert("1"), "PNG", transparency=0), 0),
    (
        "rgb png, transparent",
        lambda photo, encoded: encoded(photo, "PNG", transparency=photo.getpixel((9, 9))),
        0,
    ),
    ("alpha png", lambda photo, encoded: encoded(with_alpha(photo), "PNG"), 1),
    ("gray and alpha png", lambda photo, encoded: encoded(with_alpha(photo).convert("LA"), "PNG"), 1),
    ("gif", lambda photo, encoded: encoded(photo.quantize(256), "GIF"), 0),
    ("bmp", lambda photo, encoded: encoded(photo, "BMP"), 0),
    ("gray bmp", lambda photo, encoded: encoded(photo.convert("L"), "BMP"), 0),
    ("palette bmp", lambda photo, encoded: encoded(photo.quantize(40), "BMP"), 0),
    ("32 bit bmp", lambda photo, encoded: encoded(photo.convert("RGBA"), "BMP"), 0),
]


@pytest.mark.parametrize(("make", "tolerance"), [file[1:] for file in FILES], ids=[file[0] for file in FILES])
def test_shows_what_pillow_shows(make, tolerance, photo, encoded, shown):
    contents = make(photo, encoded)
    pixels = decoded(contents)
    expected = shown(contents)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_exif_orientation_is_applied(orientation, format_name, byte_order, photo, encoded, shown):
    exif = Image.Exif()
    exif.endian = byte_order
    exif[0x010F] = "a camera with a long name"  # entries before the orientation
    exif[0x0112] = orientation
    exif[0x0131] = "software"
    contents = encoded(photo, format_name, exif=exif.tobytes())
    assert (b"II*\0" if byte_order == "<" else b"MM\0*") in contents
    expected = shown(contents)
    assert (expected.shape[0] > expected.shape[1]) == (orientation >= 5)
    np.testing.assert_array_equal(decoded(contents), expected)


@pytest.mark.parametrize("tiff", [b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff\x01"])
def test_damaged_exif_counts_as_none(tiff, photo, encoded):
    contents = encoded(photo, "JPEG")
    damaged = (
        contents[:2] + b"\xff\xe1" + struct.pack(">H", 8 + len(tiff)) + b"Exif\0\0" + tiff + contents[2:]
    )
    np.testing.assert_array_equal(decoded(damaged), decoded(contents))


def test_inverted_cmyk_as_cameras_and_editors_write_it(photo, encoded, shown):
    contents = encoded(photo.convert("CMYK"), "JPEG")
    adobe = contents.index(b"Adobe")
    ycck = contents[: adobe + 11] + b"\x02" + contents[adobe + 12 :]
    assert np.abs(decoded(ycck) - shown(ycck)).max() <= 1


def test_16_bit_png_keeps_the_upper_8_bits():
    values = np.random.default_rng(0).integers(0, 2**16, (40, 50)).astype(np.uint16)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    np.testing.assert_array_equal(decoded(out.getvalue()), np.repeat(values[..., None] >> 8, 3, axis=2))


def test_animated_gif_gives_its_first_frame(photo, encoded, shown):
    frames = [photo.rotate(angle).quantize(64) for angle in (90, 180, 270)]
    contents = encoded(
        photo.quantize(64), "GIF", save_all=True, append_images=frames, loop=0, comment=b"c" * 600
    )
    assert Image.open(io.BytesIO(contents)).n_frames == 4
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_transparent_gif_lies_over_white(photo, encoded, shown):
    contents = encoded(photo.quantize(64), "GIF", transparency=3)
    assert (shown(contents) == 255).all(axis=-1).any()
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_padding_byte_of_a_bmp_is_not_alpha(photo, encoded):
    contents = bytearray(encoded(photo.convert("RGBA"), "BMP"))
    pixels = int.from_bytes(contents[10:14], "little")
    contents[pixels + 3 :: 4] = bytes(len(contents[pixels + 3 :: 4]))
    np.testing.assert_array_equal(decoded(bytes(contents)), np.asarray(photo))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_truncated_file_is_refused(format_name, share, photo, encoded):
    contents = encoded(photo.quantize(256) if format_name == "GIF" else photo, format_name)
    reason = refusal(contents[: int(len(contents) * share)])
    assert "truncated" in reason and (format_name in reason or "pixels" in reason)


@pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM"])
def test_file_that_ends_after_its_signature_is_refused(start):
    assert refusal(start)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "the file is empty"),
        (b"This is a text that somebody renamed to photo.jpg.", "not a JPEG, PNG, GIF or BMP file"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "not a JPEG, PNG, GIF or BMP file"),
    ],
)
def test_what_is_no_photo_is_refused(contents, reason):
    assert refusal(contents) == reason


@pytest.mark.parametrize(("bits", "compression"), [(1, 0), (4, 0), (16, 0), (16, 3), (8, 1)])
def test_uncommon_bmp_is_refused(bits, compression, photo, encoded):
    contents = bytearray(encoded(photo, "BMP"))
    contents[28:30] = struct.pack("<H", bits)
    contents[30:34] = struct.pack("<I", compression)
    assert refusal(bytes(contents)) == f"a BMP of {bits} bits a pixel in an uncommon or compressed form"


def test_bmp_of_os2_is_refused(photo, encoded):
    contents = encoded(photo, "BMP")
    size = struct.pack("<IHHHH", 12, *photo.size, 1, 24)
    assert refusal(contents[:14] + size + contents[54:]) == "a BMP of OS/2 is not supported"


def test_refusal_names_the_photo():
    assert refusal(b"text", "image 3") == "image 3: not a JPEG, PNG, GIF or BMP file"
    assert refusal(b"", "a [odd] naïve name].jpg").startswith("a [odd] naïve name].jpg: the file is empty")


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((1, 1), "1 x 1 pixels, shorter edge under 16"),
        ((300, 15), "300 x 15 pixels, shorter edge under 16"),
        ((20_000, 100), "20000 x 100 pixels, longer than 100 to 1"),
    ],
)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "GIF", "BMP"])
def test_sizes_out_of_limits_are_refused(size, reason, format_name, photo, encoded):
    image = photo.resize(size)
    assert refusal(encoded(image.quantize(16) if format_name == "GIF" else image, format_name)) == reason


def test_wide_strip_within_the_limits_works(photo, encoded, shown):
    contents = encoded(photo.resize((20_000, 210)), "JPEG")
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_bomb_of_300_megapixels_is_refused_before_it_is_unpacked():
    rows = zlib.compress((b"\0" + bytes(20_000 // 8)) * 15_000, 9)
    bomb = png_header(20_000, 15_000) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    assert len(bomb) < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(bomb) == f"20000 x 15000 pixels, more than {MAX_PIXELS} in all"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024  # KiB; unpacked: 900 MB


@pytest.mark.parametrize("format_name", ["JPEG", "GIF", "BMP"])
def test_header_that_claims_too_many_pixels_is_refused(format_name, photo, encoded):
    contents = bytearray(encoded(photo.quantize(16) if format_name == "GIF" else photo, format_name))
    if format_name == "JPEG":
        frame = contents.index(b"\xff\xc0")
        contents[frame + 5 : frame + 9] = struct.pack(">HH", 15_000, 20_000)
    elif format_name == "GIF":
        frame = contents.index(b",\0\0\0\0")
        contents[frame + 5 : frame + 9] = struct.pack("<HH", 20_000, 15_000)
    else:
        contents[18:26] = struct.pack("<ii", 20_000, -15_000)
    assert refusal(bytes(contents)) == f"20000 x 15000 pixels, more than {MAX_PIXELS} in all"


def test_graph_holds_core_ops_only():
    definition = graph().get_concrete_function().graph.as_graph_def()
    nodes = [node.op for node in definition.node]
    nodes += [node.op for function in definition.library.function for node in function.node_def]
    assert "DecodeJpeg" in nodes
    assert not [op for op in nodes if "Py" in op or op.startswith("IO>") or ">" in op]


def test_works_in_a_dataset(photo, encoded):
    contents = encoded(photo, "PNG")
    dataset = tf.data.Dataset.from_tensors(contents).map(decode_photo)
    assert dataset.element_spec.shape.as_list() == [None, None, 3]
    np.testing.assert_array_equal(next(iter(dataset)), np.asarray(photo))
