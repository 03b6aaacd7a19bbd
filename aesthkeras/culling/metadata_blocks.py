"""The EXIF and XMP blocks of a photo's file, as bytes; no pixel is decoded."""

from __future__ import annotations

import io
from typing import IO, NamedTuple

from aesthkeras.decoding.containers import HEAD_BYTES, format_of
from aesthkeras.decoding.refusal import PhotoRefusedError
from aesthkeras.decoding.tiff import check_exif

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_START, _APP1, _SCAN, _END = b"\xff\xd8\xff", 0xE1, 0xDA, 0xD9
_MOST_SEGMENTS = 1000
_MOST_TIFF_BYTES = 2**28  # of a TIFF, or a raw file like one, whose tags may lie anywhere


class MetadataBlocks(NamedTuple):
    """What programs have written into a photo.

    Attributes:
        exif: a TIFF structure, which may begin with `Exif` and two zeros; empty for none.
        xmp: an XMP packet; empty for none.
    """

    exif: bytes = b""
    xmp: bytes = b""


def metadata_blocks(path: str) -> MetadataBlocks:
    """Return the blocks of a JPEG, TIFF, WebP, AVIF, HEIC, or a raw file that is a TIFF.

    Whatever else the path names, and a damaged file, has none.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            if head.startswith(_START):
                found = _of_jpeg(file)
            elif format_of(head) == "TIFF":
                found = MetadataBlocks(file.read(_MOST_TIFF_BYTES))
            elif format_of(head):
                # a reader of lists, which imports this, loads no TensorFlow
                from aesthkeras.decoding.pillow_photos import blocks_with_pillow

                found = MetadataBlocks(*blocks_with_pillow(file))
            else:
                return MetadataBlocks()
        check_exif(io.BytesIO(found.exif), "EXIF")
    except (OSError, ValueError, PhotoRefusedError):  # ValueError: a NUL in a list
        return MetadataBlocks()
    return found


def _of_jpeg(file: IO[bytes]) -> MetadataBlocks:
    """The first block of each kind before the pixels."""
    exif = xmp = b""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        marker = file.read(2)
        while marker[:1] == marker[1:] == b"\xff":  # a marker may be filled up
            marker = b"\xff" + file.read(1)
        length = int.from_bytes(file.read(2), "big")
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in (_SCAN, _END) or length < 2:
            break
        if marker[1] != _APP1:
            file.seek(length - 2, io.SEEK_CUR)
            continue
        content = file.read(length - 2)
        if content.startswith(_EXIF):
            exif = exif or content
        elif content.startswith(_XMP):
            xmp = xmp or content[len(_XMP) :]
    return MetadataBlocks(exif, xmp)
