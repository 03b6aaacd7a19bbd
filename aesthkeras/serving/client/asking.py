"""What the REST and the gRPC client share: batches, retries, and an answer for each photo.

A bad photo fails its whole request, with a message that names its place (`networks.request_pixels`). The
client reports it, and asks again about the others.
"""

from __future__ import annotations

import io
import os
import random
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import counted
from aesthkeras.settings import require

PhotoBytes = bytes | bytearray | memoryview
"""A photo's file, as `Path(...).read_bytes()` gives it."""

DEFAULT_SIGNATURE = "serving_default"
# The message of networks.request_pixels. Over gRPC, TF Serving cuts it after 1024 bytes, possibly within the
# list of places or within a number.
BAD_PHOTOS = re.compile(
    r"cannot decode image (?P<places>\d+(?:, \d+)*)(?: \(counted from 0\): (?P<reason>[^\]]*))?"
)


class ServingError(Exception):
    """The service did not answer, or refused for a reason that holds for every photo."""


class RequestRefusedError(Exception):
    """The service says that the request itself is bad: asking again would not help."""


class ServiceUnavailableError(Exception):
    """The service could not be reached, is overloaded or took too long: asking again may help."""


@dataclass(frozen=True)
class Limits:
    """How much goes into a request, and how often it is tried.

    Attributes:
        photos: at most so many photos in a request.
        bytes: at most so many bytes of photos in a request; a larger photo is sent alone.
        timeout: seconds that an attempt may take.
        attempts: how often a request is sent before it is given up.
        first_wait: seconds before the second attempt, varied at random by up to half; each further wait is
            twice as long.

    Raises:
        UsageError: limits within which nothing could be asked.
    """

    photos: int = 32
    bytes: int = 32 * 2**20
    timeout: float = 60.0
    attempts: int = 5
    first_wait: float = 0.5

    def __post_init__(self) -> None:
        for name in ("photos", "bytes", "attempts"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        require(self, "timeout", self.timeout > 0, "more than 0 seconds")
        require(self, "first_wait", self.first_wait >= 0, "0 seconds or more")


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Answer:
    """What the service says of one photo.

    Attributes:
        index: place of the photo among those asked about, from 0.
        values: outputs of the signature by name, float32, a scalar or `[values]`; empty where there is an
            error.
        error: why there are no values; empty where there are.
    """

    index: int
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    error: str = ""


class PhotoClient:
    """Asks a served model about photos. Derived classes send the requests, over REST or gRPC."""

    def __init__(self, address: str, limits: Limits) -> None:
        self.address = address
        self.limits = limits

    def ask(
        self, photos: PhotoBytes | Iterable[PhotoBytes], signature: str = DEFAULT_SIGNATURE
    ) -> Iterator[Answer]:
        """Yield an answer per photo, in order; only one request's photos are held at a time.

        Args:
            photos: JPEG, PNG, GIF or BMP files as bytes, bytearray or memoryview; may be endless. Bytes that
                stand alone are one photo. Paths are not read.
            signature: `serving_default`, `features` or `degradations`.

        Raises:
            UsageError: something else than bytes, by its place; what was asked before it has been yielded,
                but for its own request.
            ServingError: no answer after all attempts, or a refusal that names no photo (an unknown model or
                signature). What was answered before has been yielded.
        """
        first = 0
        for batch in batches(each_as_bytes(photos), self.limits):
            yield from self._answers(first, batch, signature)
            first += len(batch)

    def close(self) -> None:
        """End the connection, where there is one to end."""

    def send(self, photos: Sequence[bytes], signature: str) -> list[dict[str, np.ndarray]]:
        """Send one request, once: outputs by name for each photo.

        Raises:
            RequestRefusedError: the service refused the request.
            ServiceUnavailableError: the service could not be asked.
            ServingError: anything else.
        """
        raise NotImplementedError

    def _answers(self, first: int, photos: Sequence[bytes], signature: str) -> list[Answer]:
        answers: dict[int, Answer] = {}
        left = list(range(len(photos)))
        while left:
            try:
                rows = self._send_with_retries([photos[place] for place in left], signature)
            except RequestRefusedError as refusal:
                bad, reason = bad_photos(str(refusal))
                if not bad or max(bad) >= len(left):
                    raise ServingError(f"{self.address}: {refusal}") from refusal
                places = [left[place] for place in bad]
                answers.update({place: Answer(first + place, error=reason) for place in places})
                left = [place for place in left if place not in answers]
                continue
            if len(rows) != len(left):
                raise ServingError(
                    f"{self.address}: {counted(len(rows), 'answer')} for {counted(len(left), 'photo')}"
                )
            answers.update({place: Answer(first + place, row) for place, row in zip(left, rows)})
            left = []
        return [answers[place] for place in sorted(answers)]

    def _send_with_retries(self, photos: Sequence[bytes], signature: str) -> list[dict[str, np.ndarray]]:
        reason: Exception | None = None
        for attempt in range(self.limits.attempts):
            try:
                return self.send(photos, signature)
            except ServiceUnavailableError as error:
                reason = error
            if attempt + 1 < self.limits.attempts:
                # Random, so that the clients of a service that was down do not all return at once.
                time.sleep(self.limits.first_wait * 2**attempt * random.uniform(0.5, 1.5))
        tried = counted(self.limits.attempts, "attempt")
        raise ServingError(f"{self.address}: no answer after {tried}: {reason}")


def each_as_bytes(photos: PhotoBytes | Iterable[PhotoBytes]) -> Iterator[bytes]:
    """The photos that were given, one alone or any number, each as bytes.

    Raises:
        UsageError: something is a path, an open file or anything else that is no bytes.
    """
    if isinstance(photos, PhotoBytes):
        yield bytes(photos)
        return
    # a text would give its letters, an open file its lines
    if isinstance(photos, str | os.PathLike | io.IOBase) or not isinstance(photos, Iterable):
        raise _no_bytes("photos", photos)
    for place, photo in enumerate(photos):
        if not isinstance(photo, PhotoBytes):
            raise _no_bytes(f"photos[{place}]", photo)
        yield bytes(photo)


def _no_bytes(name: str, given: object) -> UsageError:
    if isinstance(given, str | os.PathLike):
        expected = "the bytes of a photo, as Path(...).read_bytes() gives them, not a path"
        return UsageError(f"{name}={os.fspath(given)!r:.200}: expected {expected}")
    return UsageError(f"{name}: expected the bytes of a photo, got {type(given).__name__}")


def batches(photos: Iterable[bytes], limits: Limits) -> Iterator[list[bytes]]:
    """Group photos into requests within the limits on photos and bytes, in order."""
    batch: list[bytes] = []
    size = 0
    for photo in photos:
        if batch and (len(batch) == limits.photos or size + len(photo) > limits.bytes):
            yield batch
            batch, size = [], 0
        batch.append(photo)
        size += len(photo)
    if batch:
        yield batch


def bad_photos(message: str) -> tuple[list[int], str]:
    """The places in the request that a refusal names, possibly none, and the reason that it gives."""
    found = BAD_PHOTOS.search(message)
    if not found:
        return [], ""
    places = [int(place) for place in found["places"].split(",")]
    if found["reason"] is None and len(places) > 1:
        places.pop()  # the number may be cut; if the photo is bad, the next request says so
    return places, f"cannot decode: {(found['reason'] or 'no further reason given').strip()}"
