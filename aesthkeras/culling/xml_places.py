"""XML with the place of every element in its file, so that a part can change and the rest stays as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

_TAG_END = re.compile(rb"""(?:[^>"']|"[^"]*"|'[^']*')*>""")


@dataclass
class PlacedElement:
    """One element.

    Attributes:
        name: `namespace local`, or `local` without a namespace; attributes have such names, too.
        start: position of its start tag, in bytes.
        opened: position behind its start tag.
        closing: position of its end tag; `start` where one tag is both.
        end: position behind it.
        attributes: name -> value.
        text: directly in it.
        children: in it.
    """

    name: str
    start: int
    opened: int
    closing: int = -1
    end: int = -1
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[PlacedElement] = field(default_factory=list)


class PlacedXml(NamedTuple):
    """A document.

    Attributes:
        root: its element.
        prefixes: namespace -> all prefixes that it is declared for, in any place.
    """

    root: PlacedElement
    prefixes: dict[str, set[str]]


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._open: list[PlacedElement] = []
        self.prefixes: dict[str, set[str]] = {}
        self.root: PlacedElement | None = None
        self._parser = expat.ParserCreate("UTF-8", " ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartNamespaceDeclHandler = self._prefix
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self) -> None:
        self._parser.Parse(self._content, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        place = self._parser.CurrentByteIndex
        element = PlacedElement(name, place, self._behind_tag(place), attributes=attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        del name
        element = self._open.pop()
        place = self._parser.CurrentByteIndex
        has_end_tag = self._content.startswith(b"</", place)
        element.closing = place if has_end_tag else element.start
        element.end = self._behind_tag(element.closing)

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _prefix(self, prefix: str | None, uri: str | None) -> None:
        self.prefixes.setdefault(uri or "", set()).add(prefix or "")

    def _doctype(self, *_: object) -> None:
        raise ValueError("a document type, whose entities may be anything")

    def _behind_tag(self, place: int) -> int:
        found = _TAG_END.match(self._content, place)
        assert found, "expat has read this tag"
        return found.end()


def placed_xml(content: bytes) -> PlacedXml:
    """Parse a document in UTF-8.

    Raises:
        ValueError: it is no XML, not in UTF-8, or has a document type.
    """
    content.decode()
    reader = _Reader(content)
    try:
        reader.read()
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    assert reader.root, "expat refuses a document without an element"
    return PlacedXml(reader.root, reader.prefixes)


def attribute_place(content: bytes, xml: PlacedXml, element: PlacedElement, name: str) -> tuple[int, int]:
    """Return start and end of an attribute that an element has, with the blanks before it."""
    uri, _, local = name.rpartition(" ")
    names = "|".join(re.escape(f"{prefix}:{local}") for prefix in xml.prefixes[uri] if prefix)
    pattern = rf"""\s+(?:{names})\s*=\s*(?:"[^"]*"|'[^']*')""".encode()
    found = re.compile(pattern).search(content, element.start, element.opened)
    assert found, "expat has read this attribute"
    return found.span()
