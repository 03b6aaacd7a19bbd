"""Batches, and what is read out of a refusal, without a server."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

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
