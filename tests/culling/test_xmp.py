"""What others wrote stays byte for byte; what we wrote is replaced; what people gave is told from it."""

from __future__ import annotations

import pytest

from aesthkeras.culling.xmp import Judgement, stars_of_people, with_judgement

# As darktable writes it, with things of its own and of others; {} is for a rating and keywords.
DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:darktable="http://darktable.sf.net/"
   MicrosoftPhoto:Rating="75"{rating}
   darktable:history_end='3'   darktable:note="5 &gt; 4 &quot;so&quot;">
   <!-- a comment > with things -->
   {keywords}<darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:params="gz02&#10;eJ"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
KEYWORDS = """<dc:subject>
    <rdf:Bag>
     <rdf:li>Möwen &amp; Meer</rdf:li>
    </rdf:Bag>
   </dc:subject>
   """
BLURRED = Judgement(4, "Green", ("blurred", "a & b"))


def darktable(rating: str = "", keywords: str = "") -> bytes:
    return DARKTABLE.format(rating=rating, keywords=keywords).encode()


def is_kept(before: bytes, after: bytes) -> bool:
    """Whether all bytes of the first are in the second, in their order, with one or two parts put in."""
    place = 0
    for line in before.splitlines(keepends=True):
        place = after.find(line, place) + len(line)
        if place < len(line):
            return False
    return True


def test_a_new_packet_says_what_was_judged_and_can_be_said_again():
    made = with_judgement(b"", BLURRED)
    assert b'xmp:Rating="4"' in made and b'xmp:Label="Green"' in made
    assert b"<rdf:li>seems blurred</rdf:li>" in made and b"<rdf:li>seems a &amp; b</rdf:li>" in made
    assert with_judgement(made, BLURRED) == made


@pytest.mark.parametrize("keywords", ["", KEYWORDS])
def test_what_another_program_wrote_stays_byte_for_byte(keywords):
    before = darktable(keywords=keywords)
    after = with_judgement(before, BLURRED)
    assert is_kept(before, after) and b'xmp:Rating="4"' in after
    assert after.count(b"<dc:subject>") == 1  # a property occurs once
    assert with_judgement(after, BLURRED) == after
    other = with_judgement(after, Judgement(2))
    assert other == with_judgement(before, Judgement(2))  # nothing of the first is left
    assert b"seems" not in other and b"Green" not in other


@pytest.mark.parametrize(
    "rating",
    ['\n   xmp:Rating="2"', "\n   xmp:Rating='2'"],
)
def test_stars_of_a_person_stay(rating):
    before = darktable(rating)
    after = with_judgement(before, BLURRED)
    assert after.count(b"xmp:Rating") == 1 and is_kept(before, after)
    assert stars_of_people(after) == 2
    assert b'xmp:Label="Green"' in after  # there was no label


def test_stars_in_an_element_stay_and_a_label_too():
    before = darktable(keywords="<xmp:Rating>5</xmp:Rating>\n   <xmp:Label>Blue</xmp:Label>\n   ")
    assert with_judgement(before, Judgement(1, "Red")) == before
    assert stars_of_people(before) == 5


def test_no_stars_are_no_rating_and_are_replaced():
    after = with_judgement(darktable('\n   xmp:Rating="0"'), BLURRED)
    assert after.count(b"xmp:Rating") == 1 and b'xmp:Rating="4"' in after
    assert stars_of_people(darktable('\n   xmp:Rating="0"')) is None


def test_stars_of_ours_are_those_of_nobody_until_a_person_changes_them():
    ours = with_judgement(darktable(), BLURRED)
    assert stars_of_people(ours) is None
    changed = ours.replace(b'xmp:Rating="4"', b'xmp:Rating="1"')
    assert stars_of_people(changed) == 1
    again = with_judgement(changed, Judgement(5))
    assert again.count(b"xmp:Rating") == 1 and stars_of_people(again) == 1


def test_ours_is_found_where_another_program_has_moved_it():
    """darktable writes all properties into one description, with other blanks, when it saves."""
    moved = darktable(
        '\n   xmp:Rating="3" xmp:Label="Red"\n   xmlns:a="urn:aesthkeras:judgement/"'
        ' a:Stars="3" a:Label="Red"',
        KEYWORDS.replace("    </rdf:Bag>", "     <rdf:li>seems noisy</rdf:li>\n    </rdf:Bag>"),
    )
    after = with_judgement(moved, Judgement(5))
    assert after.count(b"xmp:Rating") == 1 and b'xmp:Rating="5"' in after
    assert b"Red" not in after and b"seems" not in after and "Möwen &amp; Meer".encode() in after
    assert b"darktable:history_end='3'   darktable:note" in after


@pytest.mark.parametrize(("value", "stars"), [("5", 5), ("-1", -1), ("3.6", 4), ("99", 5), ("0.2", None)])
def test_ratings_as_programs_write_them(value, stars):
    assert stars_of_people(darktable(f' xmp:Rating="{value}"')) == stars


@pytest.mark.parametrize("value", ["inf", "nan", "five"])
def test_a_rating_that_is_no_number_is_a_value_error(value):
    with pytest.raises(ValueError):
        stars_of_people(darktable(f' xmp:Rating="{value}"'))


@pytest.mark.parametrize(
    "packet",
    [
        b"no xml",
        darktable()[:-40],
        b"<x/>",
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>',
        "<x>é</x>".encode("latin-1"),
        DARKTABLE.encode("utf-16"),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + darktable().partition(b"\n")[2],
    ],
    ids=["text", "cut", "no rdf", "empty rdf", "latin-1", "utf-16", "doctype"],
)
def test_what_cannot_be_parsed_is_a_value_error(packet):
    with pytest.raises(ValueError):
        with_judgement(packet, BLURRED)
    with pytest.raises(ValueError):
        stars_of_people(packet)
