"""Photos in formats that need more than `Image.save`, and files that other programs have damaged."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
import tifffile
from PIL import Image, features

needs_avif = pytest.mark.skipif("avif" not in features.get_supported(), reason="this Pillow has no AVIF")


def with_alpha(photo):
    transparent = photo.copy()
    transparent.putalpha(Image.linear_gradient("L").resize(photo.size))
    return transparent


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def tiff_of(values, **options):
    """A TIFF as tifffile writes it, not Pillow."""
    out = io.BytesIO()
    tifffile.imwrite(out, values, **options)
    return out.getvalue()


def heic_of(image, **options):
    out = io.BytesIO()
    pytest.importorskip("pillow_heif").from_pillow(image).save(out, **options)
    return out.getvalue()


COUNT, VALUE = 4, 8  # where they lie in the entry of a tag


def with_tag(contents, tag, field, value):
    """A little-endian TIFF of Pillow's with another `COUNT` or `VALUE` of a tag."""
    changed = bytearray(contents)
    start = int.from_bytes(contents[4:8], "little")
    for entry in range(start + 2, start + 2 + 12 * contents[start], 12):
        if contents[entry : entry + 2] == tag.to_bytes(2, "little"):
            changed[entry + field : entry + field + 4] = value.to_bytes(4, "little")
    assert changed != contents
    return bytes(changed)


def png_chunk(kind, contents=b""):
    return struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))


def with_chunks(png, before=b"", behind=b""):
    """A PNG with more chunks before its pixels and behind them."""
    return png[:33] + before + png[33:-12] + behind + png[-12:]


def segment(marker, contents=b""):
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(contents)) + contents


def with_segment(jpeg, added, before=None):
    """A JPEG with another segment at its start, or before the first with the marker `before`."""
    place = 2 if before is None else jpeg.index(bytes([0xFF, before]))
    return jpeg[:place] + added + jpeg[place:]


def xmp_of(orientation, as_element=False):
    """An XMP packet as Adobe's programs write it, about the orientation alone."""
    inner = f'tiff:Orientation="{orientation}"/>'
    if as_element:
        inner = f"><tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>"
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {inner}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def xmp_segment(orientation, **options):
    return segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_of(orientation, **options))


def without_adobe_marker(contents):
    start = contents.index(b"\xff\xee")
    return contents[:start] + contents[start + 2 + int.from_bytes(contents[start + 2 : start + 4], "big") :]


IMAGE = b",\0\0\0\0"  # how the descriptor of a GIF's frame begins


def placed(gif, left, top, width, height):
    """The frame of a GIF at another place on a canvas of another size."""
    start = gif.index(IMAGE)
    box = struct.pack("<HH", left, top)
    return gif[:6] + struct.pack("<HH", width, height) + gif[10 : start + 1] + box + gif[start + 5 :]
