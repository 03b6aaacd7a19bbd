"""Stars, a colour label and keywords in an XMP packet; whatever else it holds stays as it is, byte for byte.

Beside what it writes for all programs, our judgement notes in a namespace of its own what it has written.
What another program or a person wrote is told by that, and is kept. The properties are those of XMP
Specification Part 1 (ISO 16684-1): `xmp:Rating`, `xmp:Label`, `dc:subject`.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from aesthkeras.culling.xml_places import PlacedElement, PlacedXml, attribute_place, placed_xml

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP, _DC = "http://ns.adobe.com/xap/1.0/", "http://purl.org/dc/elements/1.1/"
_OWN = "urn:aesthkeras:judgement/"
_SUBJECT = f"{_DC} subject"
_KEYWORD = "seems "  # every keyword of ours begins so
_EMPTY = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="{_RDF}">
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
""".encode()


class _Property(NamedTuple):
    """Names of a property and of what notes that it is ours: as parsed, and as written."""

    name: str
    mark: str
    written: str
    noted: str


_PROPERTIES = (
    _Property(f"{_XMP} Rating", f"{_OWN} Stars", "xmp:Rating", "aesthkeras:Stars"),
    _Property(f"{_XMP} Label", f"{_OWN} Label", "xmp:Label", "aesthkeras:Label"),
)


class Judgement(NamedTuple):
    """What is written of a photo.

    Attributes:
        stars: 1 to 5.
        label: a colour, such as `Red`; empty for none.
        faults: what seems wrong, in words, each of which becomes the keyword `seems WORDS`.
    """

    stars: int
    label: str = ""
    faults: tuple[str, ...] = ()


class _Place(NamedTuple):
    """A property: its value, and the bytes that hold it."""

    value: str
    start: int
    end: int


def with_judgement(packet: bytes, judgement: Judgement) -> bytes:
    """Return a packet with our judgement in it, and all that others wrote.

    Stars and a label that are not ours stay, and ours are not written: those of a person are worth more.

    Args:
        packet: of a sidecar, in UTF-8; empty makes a new one.
        judgement: replaces an earlier one of ours.

    Raises:
        ValueError: the packet cannot be parsed.
    """
    packet = packet or _EMPTY
    xml = placed_xml(packet)
    rdf = _rdf(xml)
    cuts: list[tuple[int, int]] = []
    attributes = []
    for own, value in zip(_PROPERTIES, (str(judgement.stars), judgement.label)):
        found, mark = _find(packet, xml, rdf, own.name), _find(packet, xml, rdf, own.mark)
        cuts += [(place.start, place.end) for place in [mark] if place]
        if found and not _is_own(found.value, mark):
            continue
        cuts += [(place.start, place.end) for place in [found] if place]
        if value:
            attributes.append(f"{own.written}={quoteattr(value)} {own.noted}={quoteattr(value)}")
    wanted = [f"{_KEYWORD}{words}" for words in judgement.faults]
    gone, last = _own_keywords(packet, rdf)
    cuts += gone
    inserted = [_more_keywords(packet, last, wanted)] if last and wanted else []
    block = _block(packet, rdf, attributes, [] if last else wanted)
    cuts += _emptied(packet, xml, rdf, cuts)
    return _edited(packet, cuts, [*inserted, (_before_blanks(packet, rdf.closing), block)])


def stars_of_people(packet: bytes) -> int | None:
    """Return the stars that are not ours: 1 to 5, or -1 for a rejected photo; None where there are none.

    Raises:
        ValueError: the packet cannot be parsed, or its rating is no number.
    """
    xml = placed_xml(packet)
    rdf, rating = _rdf(xml), _PROPERTIES[0]
    found = _find(packet, xml, rdf, rating.name)
    if found is None or _is_own(found.value, _find(packet, xml, rdf, rating.mark)):
        return None
    stars = float(found.value)
    if not math.isfinite(stars):
        raise ValueError(f"a rating of {found.value}")
    return max(-1, min(5, round(stars))) or None


def _rdf(xml: PlacedXml) -> PlacedElement:
    waiting = [xml.root]
    while waiting:
        element = waiting.pop()
        if element.name == f"{_RDF} RDF" and element.closing != element.start:
            return element
        waiting += element.children
    raise ValueError("no XMP: it has no rdf:RDF with something in it")


def _is_own(value: str, mark: _Place | None) -> bool:
    """Whether a value is the one that we wrote, or says nothing: 0 stars are no rating."""
    return value.strip() in ("", "0") or (mark is not None and mark.value == value)


def _descriptions(rdf: PlacedElement) -> list[PlacedElement]:
    return [element for element in rdf.children if element.name == f"{_RDF} Description"]


def _find(packet: bytes, xml: PlacedXml, rdf: PlacedElement, name: str) -> _Place | None:
    """A property of the photo, as an attribute or as an element, with the blanks before it."""
    for outer in _descriptions(rdf):
        if name in outer.attributes:
            return _Place(outer.attributes[name], *attribute_place(packet, xml, outer, name))
        for element in outer.children:
            if element.name == name:
                return _Place(element.text, _before_blanks(packet, element.start), element.end)
    return None


def _own_keywords(packet: bytes, rdf: PlacedElement) -> tuple[list[tuple[int, int]], PlacedElement | None]:
    """The places of our keywords, and the last keyword of others; without such, all of `dc:subject` goes."""
    cuts: list[tuple[int, int]] = []
    last = None
    for outer in _descriptions(rdf):
        for subject in outer.children:
            if subject.name != _SUBJECT:
                continue
            items = [item for bag in subject.children for item in bag.children]
            of_others = [item for item in items if not item.text.startswith(_KEYWORD)]
            gone = [item for item in items if item not in of_others] if of_others else [subject]
            cuts += [(_before_blanks(packet, one.start), one.end) for one in gone]
            last = of_others[-1] if of_others else last
    return cuts, last


def _more_keywords(packet: bytes, last: PlacedElement, keywords: list[str]) -> tuple[int, bytes]:
    """Keywords behind the last one of others, spelled and set in as it is."""
    blanks = packet[_before_blanks(packet, last.start) : last.start]
    tag = re.match(rb"<([^\s/>]+)", packet[last.start :])
    assert tag, "it is an element"
    items = [blanks + b"<%b>%b</%b>" % (tag[1], escape(words).encode(), tag[1]) for words in keywords]
    return last.end, b"".join(items)


def _block(packet: bytes, rdf: PlacedElement, attributes: list[str], keywords: list[str]) -> bytes:
    """An `rdf:Description` of our own, of the same photo as the others; empty for nothing to say."""
    if not attributes and not keywords:
        return b""
    about = next((outer.attributes.get(f"{_RDF} about", "") for outer in _descriptions(rdf)), "")
    spaces = {"rdf": _RDF, "xmp": _XMP, "dc": _DC, "aesthkeras": _OWN}
    lines = [f"<rdf:Description rdf:about={quoteattr(about)}"]
    lines += [f"  xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in spaces.items()]
    lines += [f"  {attribute}" for attribute in attributes]
    lines[-1] += ">"
    if keywords:
        items = [f"    <rdf:li>{escape(words)}</rdf:li>" for words in keywords]
        lines += ["  <dc:subject>", "   <rdf:Bag>", *items, "   </rdf:Bag>", "  </dc:subject>"]
    return "".join(f"\n  {line}" for line in [*lines, "</rdf:Description>"]).encode()


def _emptied(
    packet: bytes, xml: PlacedXml, rdf: PlacedElement, cuts: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Our own descriptions of which nothing is left."""
    gone = []
    for outer in _descriptions(rdf):
        is_ours = _OWN.encode() in packet[outer.start : outer.opened]
        names = [name for name in outer.attributes if name != f"{_RDF} about"]
        places = [attribute_place(packet, xml, outer, name) for name in names] if is_ours else []
        places += [(_before_blanks(packet, child.start), child.end) for child in outer.children]
        if is_ours and all(place in cuts for place in places):
            gone.append((_before_blanks(packet, outer.start), outer.end))
    return gone


def _before_blanks(packet: bytes, place: int) -> int:
    return len(packet[:place].rstrip())


def _edited(packet: bytes, cuts: list[tuple[int, int]], inserted: list[tuple[int, bytes]]) -> bytes:
    """The packet without some parts, which may hold each other, and with others put in."""
    parts, done = [], 0
    events = sorted([*((start, end, b"") for start, end in cuts), *((at, at, new) for at, new in inserted)])
    for start, end, new in events:
        if start > done:
            parts.append(packet[done:start])
        parts.append(new)
        done = max(done, end)
    return b"".join([*parts, packet[done:]])
