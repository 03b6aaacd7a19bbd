"""The directories of a TIFF, and of EXIF data: what is refused before Pillow reads them.

The layout is that of TIFF 6.0 (Adobe, 1992) and of BigTIFF.
"""

from __future__ import annotations

import io
import re
import struct
from typing import IO, Literal, NamedTuple

from aesthkeras.decoding.refusal import RAW, PhotoRefusedError

_MOST_TAGS = 4096  # libtiff's own limit
_MOST_HEADERS = 100  # of EXIF data in one file; it has one or two
_HEADER = re.compile(rb"II[*+]\0|II\0\*|MM\0[*+]|MM\*\0")  # each that Pillow takes
_TAG_BYTES = dict(enumerate([1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8], 1))  # by type, from 1 on
_NEW_SUBFILE, _WIDTH, _HEIGHT, _PHOTOMETRIC, _SAMPLES = 254, 256, 257, 262, 277
_STRIPS, _TILES, _SUB_DIRECTORIES, _DNG = 273, 324, 330, 50706
_EXIF_DIRECTORIES = (34665, 34853, 40965)  # EXIF, GPS, and within EXIF interoperability
_OF_A_SENSOR = (32803, 34892)  # photometric interpretations: colour filter array, linear raw
_SEARCHED = 8  # directories below the first, among which a raw file has its sensor's


class _Directory(NamedTuple):
    """A list of tags.

    Attributes:
        first: tag -> its value, or the position of its values where they lie elsewhere.
        counts: tag -> how many values it has.
        elsewhere: bytes of values that lie elsewhere in the file, counted anew for each tag.
        following: position of the next directory, 0 for none.
    """

    first: dict[int, int]
    counts: dict[int, int]
    elsewhere: int
    following: int


class _Structure:
    """A TIFF, or the TIFF structure inside a file, whose positions count from its header.

    Args:
        file: which holds it.
        start: position of its header.
        total: size of the file.
    """

    def __init__(self, file: IO[bytes], start: int, total: int) -> None:
        self._file, self._start, self._total = file, start, total
        head = self._read(0, 16)
        self.order: Literal["little", "big"] = "little" if head[:1] == b"I" else "big"
        self._is_big = b"+" in head[2:4]
        self.inline = 8 if self._is_big else 4  # bytes of a position
        place = 8 if self._is_big else 4
        self.main = self.directory(self._number(head[place : place + self.inline]))

    def directory(self, position: int) -> _Directory:
        """The directory at a position; one without tags where it lies outside of the file.

        Raises:
            PhotoRefusedError: it has over 4,096 tags.
        """
        sign = "<" if self.order == "little" else ">"
        entry = struct.Struct(sign + ("HHQ8s" if self._is_big else "HHL4s"))
        count_bytes = 8 if self._is_big else 2
        count = min(self._number(self._read(position, count_bytes)), _MOST_TAGS + 1)
        octets = self._read(position + count_bytes, count * entry.size + self.inline)
        if len(octets) > (_MOST_TAGS + 1) * entry.size:
            raise PhotoRefusedError(f"a TIFF structure of over {_MOST_TAGS} tags: damaged")
        listed, following = octets[: count * entry.size], octets[count * entry.size :]
        first: dict[int, int] = {}
        counts: dict[int, int] = {}
        elsewhere = 0
        for tag, kind, number, data in entry.iter_unpack(listed[: len(listed) // entry.size * entry.size]):
            size = _TAG_BYTES.get(kind, 0)
            is_inline = size * number <= self.inline
            value = self._number(data[:size] if is_inline else data)
            first.setdefault(tag, value)
            counts.setdefault(tag, number)
            if not is_inline and self._start + value + size * number <= self._total:
                elsewhere += size * number
        return _Directory(first, counts, elsewhere, self._number(following))

    def sub_directories(self) -> list[_Directory]:
        """The first of those that the main directory calls its own."""
        count = min(self.main.counts.get(_SUB_DIRECTORIES, 0), _SEARCHED)
        first = self.main.first.get(_SUB_DIRECTORIES, 0)
        octets = self._read(first, count * self.inline)
        listed = [
            self._number(octets[place : place + self.inline]) for place in range(0, len(octets), self.inline)
        ]
        return [self.directory(position) for position in ([first] if count == 1 else listed)]

    def weight(self) -> int:
        """How many bytes Pillow would read of values that lie elsewhere."""
        directories = [self.main]
        for tag in _EXIF_DIRECTORIES:
            directories += [self.directory(found.first[tag]) for found in directories if tag in found.first]
        return sum(found.elsewhere for found in directories)

    def _read(self, position: int, size: int) -> bytes:
        if self._start + position >= self._total:
            return b""
        self._file.seek(self._start + position)
        return self._file.read(size)

    def _number(self, octets: bytes) -> int:
        return int.from_bytes(octets, self.order)


def check_tiff(file: IO[bytes]) -> None:
    """Refuse a TIFF that is no photo, or that would keep Pillow busy.

    Args:
        file: anywhere; it is moved.

    Raises:
        PhotoRefusedError: a camera raw file, a preview of another picture, or more tags, strips, tiles or
            values than photos have.
    """
    total = file.seek(0, io.SEEK_END)
    file.seek(8)
    if file.read(2) == b"CR":  # Canon's CR2, in the header
        raise PhotoRefusedError(RAW)
    tiff = _light_structure(file, 0, total, "TIFF")
    first, counts = tiff.main.first, tiff.main.counts
    kinds = [found.first.get(_PHOTOMETRIC) for found in (tiff.main, *tiff.sub_directories())]
    if _DNG in first or any(kind in _OF_A_SENSOR for kind in kinds):
        raise PhotoRefusedError(RAW)
    if first.get(_NEW_SUBFILE, 0) & 1 and (_SUB_DIRECTORIES in first or tiff.main.following):
        raise PhotoRefusedError("a TIFF that begins with a preview of its picture is not supported")
    width, height, samples = (first.get(tag, 1) for tag in (_WIDTH, _HEIGHT, _SAMPLES))
    # a strip has a row at least, and a tile 16 x 16 pixels (section 15)
    most = (height + (width // 16 + 1) * (height // 16 + 1)) * max(samples, 1)
    if max(counts.get(_STRIPS, 0), counts.get(_TILES, 0)) > most:
        raise PhotoRefusedError("the TIFF has more strips or tiles than its size takes")


def check_exif(file: IO[bytes], name: str) -> None:
    """Refuse a file whose EXIF data hold one part of it in memory again and again, wherever they lie.

    Args:
        file: which may hold TIFF structures.
        name: its format, for the refusal.

    Raises:
        PhotoRefusedError: it does.
    """
    file.seek(0)
    contents = file.read()
    starts = [header.start() for header in _HEADER.finditer(contents)]
    if len(starts) > _MOST_HEADERS:
        raise PhotoRefusedError(f"the {name} data is damaged or truncated")
    for start in starts:
        _light_structure(file, start, len(contents), name)


def _light_structure(file: IO[bytes], start: int, total: int, name: str) -> _Structure:
    """The structure at `start`; a photo's values lie in it once, so they are no longer than the file."""
    structure = _Structure(file, start, total)
    if structure.weight() > 2 * total + 2**16:
        raise PhotoRefusedError(f"the {name} data is damaged or truncated")
    return structure
