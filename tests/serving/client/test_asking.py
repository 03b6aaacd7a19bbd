"""Batches, and what is read out of a refusal, without a server."""

from __future__ import annotations

import io
import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.serving.client.asking import (
    Limits,
    PhotoClient,
    RequestRefusedError,
    ServingError,
    bad_photos,
    batches,
)

REASON = " (counted from 0): expected a photo"


class Judge(PhotoClient):
    """Scores a photo by its length; b"bad" cannot be decoded."""

    def __init__(self, limits: Limits) -> None:
        super().__init__("judge", limits)
        self.requests: list[int] = []

    def send(self, photos, signature):
        self.requests.append(len(photos))
        bad = [str(place) for place, photo in enumerate(photos) if photo == b"bad"]
        if bad:
            raise RequestRefusedError(
                f"assertion failed: [cannot decode image {', '.join(bad)}{REASON}] [[node]]"
            )
        return [{"score": np.float32(len(photo))} for photo in photos]


def test_ten_thousand_photos_of_which_every_hundredth_is_bad():
    judge = Judge(Limits(photos=64))
    photos = [b"bad" if k % 100 == 7 else b"x" * (k % 9) for k in range(10_000)]
    answers = list(judge.ask(iter(photos)))
    assert [answer.index for answer in answers] == list(range(10_000))
    assert [answer.index for answer in answers if answer.error] == list(range(7, 10_000, 100))
    assert {answer.error for answer in answers} == {"", "cannot decode: expected a photo"}
    assert all(answer.error or answer.values["score"] == answer.index % 9 for answer in answers)
    # 157 requests, and one more for each of those that had something bad in them.
    dirty = {k // 64 for k in range(7, 10_000, 100)}
    assert len(judge.requests) == 157 + len(dirty)
    assert max(judge.requests) == 64


def test_photos_are_taken_as_they_are_needed():
    judge = Judge(Limits(photos=3))
    answers = judge.ask(b"x" for _ in itertools.count())
    assert [next(answers).index for _ in range(4)] == [0, 1, 2, 3]
    assert judge.requests == [3, 3]


@pytest.mark.parametrize(
    "photos",
    [b"four", bytearray(b"four"), memoryview(b"four"), memoryview(np.zeros((2, 2), np.uint8))],
)
def test_a_photo_alone_is_one_photo(photos):
    (answer,) = Judge(Limits()).ask(photos)
    assert answer.values["score"] == 4


def test_everything_that_holds_bytes_is_a_photo():
    judge = Judge(Limits())
    answers = judge.ask(photo for photo in (b"1", bytearray(b"22"), memoryview(b"a333b")[1:4:1], b""))
    assert [answer.values["score"] for answer in answers] == [1, 2, 3, 0]


NOT_A_PATH = "expected the bytes of a photo, as Path(...).read_bytes() gives them, not a path"


@pytest.mark.parametrize(
    ("photos", "message"),
    [
        ("photos/a.jpg", f"photos='photos/a.jpg': {NOT_A_PATH}"),
        (Path("photos/a.jpg"), f"photos='photos/a.jpg': {NOT_A_PATH}"),
        ([b"x", "a.jpg"], f"photos[1]='a.jpg': {NOT_A_PATH}"),
        ([b"x", b"y", Path("a.jpg")], f"photos[2]='a.jpg': {NOT_A_PATH}"),
        (np.zeros((1, 4, 4, 3), np.uint8), "photos[0]: expected the bytes of a photo, got ndarray"),
        ([None], "photos[0]: expected the bytes of a photo, got NoneType"),
        (7, "photos: expected the bytes of a photo, got int"),
        (io.BytesIO(b"line\nline"), "photos: expected the bytes of a photo, got BytesIO"),
    ],
)
def test_what_is_no_bytes_is_said_in_one_sentence(photos, message):
    judge = Judge(Limits())
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        list(judge.ask(photos))
    assert judge.requests == []


def test_what_was_asked_before_a_mistake_has_been_answered():
    judge, answers = Judge(Limits(photos=2)), []
    with pytest.raises(UsageError, match=r"photos\[3\]"):
        for answer in judge.ask([b"x", b"y", b"z", "a.jpg"]):
            answers.append(answer.index)
    assert answers == [0, 1]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"photos": 0}, "photos=0: expected at least 1"),
        ({"bytes": 0}, "bytes=0: expected at least 1"),
        ({"attempts": 0}, "attempts=0: expected at least 1"),
        ({"timeout": 0}, "timeout=0: expected more than 0 seconds"),
        ({"first_wait": -1}, "first_wait=-1: expected 0 seconds or more"),
    ],
)
def test_limits_in_which_nothing_could_be_asked_are_refused(limits, message):
    with pytest.raises(UsageError, match=f"^{message}$"):
        Limits(**limits)


def test_batches_keep_both_limits():
    photos = [b"1234", b"5678", b"9", b"a larger one than the limit", b"b", b"c", b"d", b"e"]
    sizes = [[len(photo) for photo in batch] for batch in batches(photos, Limits(photos=3, bytes=8))]
    assert sizes == [[4, 4], [1], [27], [1, 1, 1], [1]]
    assert list(batches([], Limits())) == []


@pytest.mark.parametrize(
    "message, places, reason",
    [
        ("x: [cannot decode image 2 (counted from 0): a photo]\n\t [[{{node}}]]", [2], "a photo"),
        ("cannot decode image 0, 2, 12 (counted from 0): a ph...TRUNCATED", [0, 2, 12], "a ph...TRUNCATED"),
        # 12 may have been 123: it is left to the next request.
        ("cannot decode image 0, 2, 12...TRUNCATED", [0, 2], "no further reason given"),
        ("cannot decode image 0, 2, ...TRUNCATED", [0], "no further reason given"),
        ("input size does not match signature: 1!=2", [], ""),
    ],
)
def test_places_of_bad_photos_are_read_from_the_message(message, places, reason):
    assert bad_photos(message) == (places, f"cannot decode: {reason}" if places else "")


def test_place_that_was_not_asked_about_is_an_error():
    class Confused(Judge):
        def send(self, photos, signature):
            raise RequestRefusedError(f"cannot decode image {len(photos)}{REASON}")

    with pytest.raises(ServingError, match="cannot decode image 1"):
        list(Confused(Limits()).ask([b"x"]))


def test_missing_answers_are_an_error():
    class Forgetful(Judge):
        def send(self, photos, signature):
            return super().send(photos, signature)[1:]

    with pytest.raises(ServingError, match="1 answer for 2 photos"):
        list(Forgetful(Limits()).ask([b"x", b"y"]))


def test_rest_client_needs_no_tensorflow():
    ask = "import sys, aesthkeras.serving.client.rest; assert not {'tensorflow', 'grpc'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", ask], check=True, timeout=60)
