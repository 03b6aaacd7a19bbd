"""The first frame of a GIF on its canvas, as Pillow shows it."""

from __future__ import annotations

import io
import resource

import numpy as np
import pytest
from PIL import Image

from tests.decoding.core import decoded, refusal
from tests.decoding.writers import IMAGE, placed


@pytest.fixture
def gif(photo, encoded):
    return encoded(photo.quantize(64), "GIF")


@pytest.mark.parametrize(
    ("left", "top", "width", "height"),
    [(20, 10, 300, 200), (0, 0, 226, 150), (0, 1, 225, 151), (30, 0, 100, 90), (75, 50, 300, 200)],
)
@pytest.mark.parametrize("options", [{}, {"transparency": 3}])
def test_a_frame_lies_on_its_canvas(left, top, width, height, options, photo, encoded, shown):
    contents = placed(encoded(photo.quantize(64), "GIF", **options), left, top, width, height)
    assert shown(contents).shape == (max(height, top + 150), max(width, left + 225), 3)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_the_canvas_has_a_colour_of_the_frames_own_table(gif, shown):
    start = gif.index(IMAGE)
    table = bytes(range(192))
    flags = bytes([0x80 | 5])  # a table of 64 colours of its own
    contents = gif[: start + 9] + flags + table + gif[start + 10 :]
    contents = placed(contents, 5, 6, 300, 200)
    assert tuple(shown(contents)[0, 0]) == (0, 1, 2)
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_a_canvas_out_of_limits_is_refused(gif):
    assert refusal(placed(gif, 0, 0, 60_000, 60_000)) == "60000 x 60000 pixels, more than 89478485 in all"
    assert refusal(placed(gif, 0, 0, 60_000, 150)) == "60000 x 150 pixels, longer than 100 to 1"


def test_a_transparent_colour_holds_until_another_is_named(gif, shown):
    start = gif.index(IMAGE)
    controls = b"!\xf9\x04\1\0\0\x05\0" + b"!\xf9\x04\0\0\0\0\0"
    contents = gif[:start] + controls + gif[start:]
    assert (shown(contents) == 255).all(axis=-1).any()
    np.testing.assert_array_equal(decoded(contents), shown(contents))


@pytest.mark.parametrize("length", [1, 2, 100, 254])
def test_data_may_lie_in_small_blocks(length, gif, shown):
    start = gif.index(IMAGE) + 11  # behind the descriptor and the size of the codes
    data, place = b"", start
    while gif[place]:
        data += gif[place + 1 : place + 1 + gif[place]]
        place += 1 + gif[place]
    parts = [data[begin : begin + length] for begin in range(0, len(data), length)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    contents = gif[:start] + blocks + gif[place:]
    assert len(blocks) > 16_384 * 1.2  # more than a window
    np.testing.assert_array_equal(decoded(contents), shown(gif))


def test_an_interlaced_gif_is_decoded(photo, encoded, shown):
    contents = encoded(photo.quantize(64), "GIF", interlace=1)
    assert contents[contents.index(IMAGE) + 9] & 0x40
    np.testing.assert_array_equal(decoded(contents), shown(contents))


def test_an_animation_costs_what_its_first_frame_costs(gif):
    frame = gif[gif.index(IMAGE) : -1]
    small = gif[:-1] + frame + b";"
    decoded(small)  # traces the graph
    large = gif[:-1] + frame * (40_000_000 // len(frame)) + b";"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.testing.assert_array_equal(decoded(large), decoded(small))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024  # KiB: some copies of the file; nine when each byte became a number
    assert Image.open(io.BytesIO(small)).n_frames == 2
