"""Photos of every format, and the same with other lengths, counts, positions, orders and bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import tifffile
from PIL import Image, ImageCms, features

from tests.decoding.writers import (
    exif_of,
    png_chunk,
    segment,
    with_alpha,
    with_chunks,
    with_segment,
    xmp_of,
    xmp_segment,
)

Span = tuple[int, int]  # start and end of a chunk, segment, block, entry or box
Field = tuple[int, int, str]  # position, size and byte order of a length, count or position

MOST_BYTES = 2_000_000  # that repeating a part may add
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def base_files(photo: Image.Image, encoded: Callable[..., bytes]) -> dict[str, list[bytes]]:
    """Small photos by format, with the metadata that photos have."""
    small = photo.resize((60, 44))
    exif, more = exif_of(6), [small.rotate(90), small.rotate(180)]
    exif[0x010F] = "a camera with a long name"
    text = png_chunk(b"zTXt", b"Comment\0\0x\x9c\x03\0\0\0\0\1") + png_chunk(b"tEXt", b"Title\0photo")
    in_xmp = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp_of(8))
    frames = [frame.quantize(20) for frame in (small, *more)]
    animation = {"save_all": True, "append_images": more}
    files = {
        "JPEG": [
            encoded(small, "JPEG"),
            with_segment(encoded(small, "JPEG", exif=exif, icc_profile=PROFILE), segment(0xFE, b"comment")),
            with_segment(
                encoded(small, "JPEG", progressive=True),
                xmp_segment(5),
            ),
            encoded(small.convert("CMYK"), "JPEG"),
            encoded(small.convert("L"), "JPEG"),
        ],
        "PNG": [
            with_chunks(
                encoded(small, "PNG", icc_profile=PROFILE), text, png_chunk(b"eXIf", exif.tobytes()[6:])
            ),
            with_chunks(encoded(small.quantize(20), "PNG", transparency=3), behind=in_xmp),
            encoded(with_alpha(small), "PNG", exif=exif),
            encoded(small, "PNG", **animation),
        ],
        "GIF": [
            frames[0]
            and encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], comment=b"c" * 300),
            encoded(frames[0], "GIF", transparency=3, interlace=1),
        ],
        "BMP": [encoded(image, "BMP") for image in (small, small.convert("L"), small.convert("RGBA"))],
        "WebP": [
            encoded(small, "WEBP", exif=exif, icc_profile=PROFILE, xmp=xmp_of(3)),
            encoded(with_alpha(small), "WEBP", lossless=True),
            encoded(small, "WEBP", **animation),
        ],
        "TIFF": [
            encoded(small, "TIFF", exif=exif),
            encoded(small, "TIFF", compression="tiff_lzw", save_all=True, append_images=more),
            encoded(small, "TIFF", compression="jpeg"),
            encoded(small.convert("1"), "TIFF", compression="group4"),
            *(
                _tiff(small, **options)
                for options in ({"tile": (16, 16)}, {"bigtiff": True}, {"byteorder": ">"})
            ),
        ],
    }
    if features.check("avif"):
        files["AVIF"] = [encoded(small, "AVIF", exif=exif), encoded(with_alpha(small), "AVIF")]
    try:
        from pillow_heif import from_pillow
    except ImportError:
        return files
    out = io.BytesIO()
    from_pillow(small).save(out, exif=exif.tobytes())
    return {**files, "HEIC": [out.getvalue()]}


def _tiff(photo: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, np.asarray(photo), photometric="rgb", **options)
    return out.getvalue()


def mutated(contents: bytes, format_name: str, chance: np.random.Generator) -> bytes:
    """One photo with one to three changes; every change is drawn from `chance`."""
    for _ in range(chance.integers(1, 4)):
        spans, fields = STRUCTURES[format_name](contents)
        kind = chance.integers(13)
        if kind < 6 and fields:
            contents = _other_number(contents, fields, chance)
        elif kind < 10 and spans:
            contents = _other_parts(contents, spans, chance)
        else:
            change = [_other_bytes, _cut, _filled][kind % 3]
            contents = change(contents, chance)
    return contents


def _other_number(contents: bytes, fields: list[Field], chance: np.random.Generator) -> bytes:
    place, size, order = fields[chance.integers(len(fields))]
    value, top = int.from_bytes(contents[place : place + size], order), 256**size
    near = value + int(chance.integers(-4, 5))
    values = [
        0,
        1,
        2,
        16,
        top - 1,
        top // 2,
        near,
        near,
        value * 2,
        len(contents),
        int(chance.integers(min(top, 2**63))),
    ]
    other = values[chance.integers(len(values))] % top
    return contents[:place] + other.to_bytes(size, order) + contents[place + size :]


def _other_parts(contents: bytes, spans: list[Span], chance: np.random.Generator) -> bytes:
    """A part left out, moved elsewhere, or repeated up to 3,000 times."""
    start, end = spans[chance.integers(len(spans))]
    place = spans[chance.integers(len(spans))][0]
    times = int(chance.choice([0, 1, 1, 2, 30, 3000]))
    times = min(times, max(1, MOST_BYTES // (end - start + 1)))
    without = contents[:start] + contents[end:]
    place = place if place <= start else max(start, place - (end - start))
    return without[:place] + contents[start:end] * times + without[place:]


def _other_bytes(contents: bytes, chance: np.random.Generator) -> bytes:
    changed = bytearray(contents)
    for _ in range(min(chance.integers(1, 9), len(contents))):
        changed[chance.integers(len(changed))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.integers(256)])
    return bytes(changed)


def _cut(contents: bytes, chance: np.random.Generator) -> bytes:
    return contents[: chance.integers(1, len(contents) + 1)]


def _filled(contents: bytes, chance: np.random.Generator) -> bytes:
    place = chance.integers(len(contents) + 1)
    filling = bytes([chance.choice([0, 0xFF, chance.integers(256)])]) * int(
        chance.choice([1, 9, 300, 100_000])
    )
    return contents[:place] + filling + contents[place:]


def _jpeg(contents: bytes) -> tuple[list[Span], list[Field]]:
    spans, fields, place = [], [], 2
    while place + 4 <= len(contents) and contents[place] == 0xFF:
        end = place + 2 + int.from_bytes(contents[place + 2 : place + 4], "big")
        fields.append((place + 2, 2, "big"))
        if 0xC0 <= contents[place + 1] <= 0xC2:
            fields += [(place + 5, 2, "big"), (place + 7, 2, "big"), (place + 9, 1, "big")]
        if contents[place + 1] == 0xDA:
            end = max(contents.find(b"\xff\xc4", end), contents.find(b"\xff\xda", end), end)
        if contents[place + 1] == 0xE1:
            fields += [(place + 10 + add, 4, "big") for add in (4, 8, 20, 24)]
        spans.append((place, min(end, len(contents))))
        place = max(end, place + 4)
    return spans, [field for field in fields if field[0] + field[1] <= len(contents)]


def _chunks(contents: bytes, place: int, size_at: int, order: str, extra: int, even: bool) -> Iterator[Span]:
    while place + 8 <= len(contents):
        size = int.from_bytes(contents[place + size_at : place + size_at + 4], order)
        end = place + 8 + extra + size + (size % 2 if even else 0)
        yield place, min(end, len(contents))
        place = end


def _png(contents: bytes) -> tuple[list[Span], list[Field]]:
    spans = list(_chunks(contents, 8, 0, "big", 4, even=False))
    head = [(16, 4, "big"), (20, 4, "big"), (24, 1, "big"), (25, 1, "big"), (28, 1, "big")]
    return spans, [(start, 4, "big") for start, _ in spans] + [field for field in head if len(contents) > 33]


def _riff(contents: bytes) -> tuple[list[Span], list[Field]]:
    spans = list(_chunks(contents, 12, 4, "little", 0, even=True))
    return spans, [(start + 4, 4, "little") for start, _ in spans] + [(4, 4, "little")] * (len(contents) > 8)


def _gif(contents: bytes) -> tuple[list[Span], list[Field]]:
    if len(contents) < 14:
        return [], []
    place, spans = 13 + (3 * 2 ** (contents[10] % 8 + 1) if contents[10] & 0x80 else 0), []
    fields = [(6, 2, "little"), (8, 2, "little"), (10, 1, "little")]
    while place + 10 < len(contents) and contents[place] in b"!,":
        start = place
        place += 2
        if contents[start : start + 1] == b",":
            fields += [(start + add, 2, "little") for add in (1, 3, 5, 7)] + [(start + 9, 1, "little")]
            table = 3 * 2 ** (contents[start + 9] % 8 + 1) if contents[start + 9] & 0x80 else 0
            place = start + 11 + table
        while place < len(contents) and contents[place]:
            fields.append((place, 1, "little"))
            spans.append((place, min(place + 1 + contents[place], len(contents))))
            place += 1 + contents[place]
        place += 1
        spans.append((start, min(place, len(contents))))
    return spans, fields


def _tags(contents: bytes) -> tuple[list[Span], list[Field]]:
    order = "little" if contents[:1] == b"I" else "big"
    big = b"+" in contents[2:4]
    size, entry, head = (8, 20, 8) if big else (4, 12, 2)
    first = int.from_bytes(contents[size : 2 * size], order)
    count = min(int.from_bytes(contents[first : first + head], order), 50)
    fields = [(size, size, order), (first, head, order)]
    spans = []
    for place in range(first + head, first + head + entry * count, entry):
        spans.append((place, place + entry))
        fields += [
            (place, 2, order),
            (place + 2, 2, order),
            (place + 4, size, order),
            (place + 4 + size, size, order),
        ]
    inside = len(contents)
    return [span for span in spans if span[1] <= inside], [
        field for field in fields if field[0] + field[1] <= inside
    ]


def _boxes(contents: bytes) -> tuple[list[Span], list[Field]]:
    spans: list[Span] = []
    waiting = [(0, len(contents))]
    while waiting and len(spans) < 200:
        place, stop = waiting.pop()
        while place + 8 <= stop:
            size, kind = int.from_bytes(contents[place : place + 4], "big"), contents[place + 4 : place + 8]
            end = min(place + max(size, 8), stop)
            spans.append((place, end))
            inner = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iinf": 14}.get(kind)
            waiting += [(place + inner, end)] if inner else []
            place = end
    fields = [(start, 4, "big") for start, _ in spans]
    fields += [(start + add, 2, "big") for start, end in spans for add in range(8, min(end - start, 40), 2)]
    return spans, [field for field in fields if field[0] + field[1] <= len(contents)]


def _header(contents: bytes) -> tuple[list[Span], list[Field]]:
    return [], [
        (place, 4, "little") for place in (2, 10, 14, 18, 22, 28, 30, 34, 46) if place + 4 <= len(contents)
    ]


STRUCTURES = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "BMP": _header,
    "WebP": _riff,
    "TIFF": _tags,
    "AVIF": _boxes,
    "HEIC": _boxes,
}
