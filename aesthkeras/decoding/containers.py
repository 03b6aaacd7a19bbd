"""What a WebP, TIFF, AVIF or HEIC is, from its bytes, and what is refused before a library parses the file.

These libraries look each item up among all, and may hold one part of a file in memory thousands of times.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from aesthkeras.decoding.refusal import RAW, PhotoRefusedError
from aesthkeras.decoding.tiff import check_exif, check_tiff

HEAD_BYTES = 64  # as many bytes of a file tell its format
MEDIA = "a container of another kind"  # MP4, QuickTime, Canon's CR3 and their like

PILLOW_SIGNATURES = (  # position, bytes there, format
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),  # with offsets of 64 bits
    (0, b"MM\0+", "TIFF"),
    (4, b"ftyp", MEDIA),  # brands follow, which tell what it is
)
CORE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")  # JPEG, PNG, GIF, BMP
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_RAW_BRAND = b"crx "  # Canon's CR3
_MOST_ITEM_BYTES = 2**18  # that describe the items of an AVIF or HEIC; a photo of 100 tiles has 5,000


def format_of(head: bytes) -> str:
    """Return the format of a file from its first `HEAD_BYTES` bytes.

    Returns:
        `WebP`, `TIFF`, `AVIF`, `HEIC`, or `MEDIA`; empty for what may be decoded by `photo.decode_photo`.
    """
    found = (name for position, signature, name in PILLOW_SIGNATURES if head[position:].startswith(signature))
    name = next(found, "")
    if name != MEDIA:
        return name
    end = min(int.from_bytes(head[:4], "big"), len(head))
    # the main brand, four bytes of a version, and the brands that the file agrees with
    brands = {head[8:12], *(head[place : place + 4] for place in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else MEDIA


def is_core(head: bytes) -> bool:
    """Whether a file begins as one that `photo.decode_photo` decodes."""
    return head.startswith(CORE_SIGNATURES)


def check_container(file: IO[bytes]) -> str:
    """Return the format of a file, as `format_of`, once no library can be kept busy with it.

    Args:
        file: at its start; it is there again at the end.

    Raises:
        PhotoRefusedError: another container, a camera raw file, a preview of another picture, or more parts
            than photos have.
    """
    head = file.read(HEAD_BYTES)
    name = format_of(head)
    if name == MEDIA:
        brand = head[8:12]
        said = brand.decode("ascii", "replace").strip()
        other = f"{MEDIA} (brand {said}), not a photo that can be decoded"
        raise PhotoRefusedError(RAW if brand == _RAW_BRAND else other)
    if name == "TIFF":
        check_tiff(file)
    else:
        file.seek(0)
        contents = file.read()
        if name in ("AVIF", "HEIC") and _item_bytes(contents) > _MOST_ITEM_BYTES:
            raise PhotoRefusedError(f"the {name} lists more pictures than a photo is made of")
        check_exif(io.BytesIO(contents), name)
    file.seek(0)
    return name


def _item_bytes(contents: bytes) -> int:
    """How many bytes describe the items of an AVIF or HEIC, without colour profiles and pixels."""
    count = 0
    for kind, start, end in _boxes(contents, 0, len(contents)):
        if kind == b"meta":
            inner = [box for box in _boxes(contents, start + 4, end) if box[0] not in (b"idat", b"iprp")]
            for properties in _boxes(contents, start + 4, end):
                if properties[0] == b"iprp":
                    inner += [box for box in _boxes(contents, *properties[1:]) if box[0] != b"ipco"]
            count += sum(inner_end - inner_start for _, inner_start, inner_end in inner)
    return count


def _boxes(contents: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of what each box between two positions holds (ISO/IEC 14496-12)."""
    while start + 8 <= end:
        size, header = int.from_bytes(contents[start : start + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(contents[start + 8 : start + 16], "big"), 16
        stop = end if size == 0 else min(start + max(size, header), end)
        yield contents[start + 4 : start + 8], start + header, stop
        start = stop
