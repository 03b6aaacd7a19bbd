"""What `--encoder` says, taken apart: `KIND:NAME?option=value&option=value`, or several, by commas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from aesthkeras.errors import UsageError

KINDS = ("random", "keras", "alexnet")
STATISTICS_KIND, LITE0_KIND = ALONE = "statistics", "efficientnet_lite0"  # which need no name behind them
CROP, RESIZE = 224, 256  # pixels, as most networks for ImageNet have them
LARGEST = 4096  # pixels; more would be a slip of the keyboard

Types = Mapping[str, Callable[[str], Any]]  # from text to value, by the option's name


class Spec(NamedTuple):
    """What a user asked for.

    Attributes:
        text: all that was said.
        argument: what the user calls it, such as `encoder`.
    """

    text: str
    argument: str = "encoder"

    def refuse(self, expected: str) -> UsageError:
        """The error for what cannot be found so: one line that begins with the argument and its value."""
        return UsageError(f"{self.argument}={self.text}: expected {' '.join(expected.split())}")

    @property
    def kind(self) -> str:
        """One of `KINDS`, which stands before a colon, or of `ALONE`; empty for a path."""
        if self.text.partition("?")[0] in ALONE:
            return self.text.partition("?")[0]
        kind = self.text.partition(":")[0]
        return kind if kind in KINDS and len(kind) < len(self.text) else ""

    @property
    def name(self) -> str:
        """What stands behind the kind, if there is one, and before the options."""
        start = len(self.kind) + 1 if self.kind in KINDS else 0
        return self.text[start:].partition("?")[0]

    def options(self, types: Types, example: str) -> dict[str, Any]:
        """The options, each as its type makes it.

        Args:
            types: what makes each value of its text; a ValueError refuses the text.
            example: options as they might be.

        Raises:
            UsageError: an option that is not known, or has no such value.
        """
        query = self.text.partition("?")[2]
        try:
            given = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
            return {name: types[name](text) for name, text in given.items()}
        except (KeyError, ValueError):
            raise self.refuse(f"{', '.join(types)} as in {example}") from None

    def sizes(
        self, options: Mapping[str, Any], crop: int = CROP, resize: int = RESIZE, smallest: int = 32
    ) -> tuple[int, int]:
        """Crop and resize in pixels: those of the options, or these in proportion.

        Args:
            options: what `options` returned.
            crop: unless the options say another.
            resize: for that crop, unless the options say another; for another crop in proportion.
            smallest: crop in pixels.

        Raises:
            UsageError: they are out of range.
        """
        wanted = options.get("crop", crop)
        resized = options.get("resize", round(wanted * resize / crop))
        if not smallest <= wanted <= resized <= LARGEST:
            raise self.refuse(f"a crop from {smallest} pixels up to the resize, which is at most {LARGEST}")
        return wanted, resized


def split_specs(text: str, argument: str = "encoder") -> list[Spec]:
    """Encoders separated by commas, in order.

    The names of `blocks=a,b` have commas of their own: behind `blocks=`, up to the next `&`, a comma opens
    another encoder only ahead of a kind, such as `keras:` or `statistics`.
    """
    first, *pieces = text.split(",")
    texts = [first]
    for piece in pieces:
        among_blocks = re.search(r"[?&]blocks=[^&]*$", texts[-1])
        if among_blocks and not Spec(piece).kind:
            texts[-1] += f",{piece}"
        else:
            texts.append(piece)
    return [Spec(one, argument) for one in texts]


def names(text: str) -> list[str]:
    """Names separated by commas, in order.

    Raises:
        ValueError: one is empty, or stands twice.
    """
    found = text.split(",")
    if not all(found) or len(set(found)) < len(found):
        raise ValueError(text)
    return found


def seed(text: str) -> int:
    """A whole number of 0 or more.

    Raises:
        ValueError: it is none.
    """
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number
