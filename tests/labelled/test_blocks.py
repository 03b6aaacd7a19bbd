"""Which outputs a list of names means, whatever an encoder calls its blocks."""

from __future__ import annotations

import keras
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.finding.find import FoundEncoder
from aesthkeras.labelled.blocks import chosen_blocks


def found(*names: str, embedding: bool = False) -> FoundEncoder:
    """An encoder of small blocks of these names."""
    pixels = keras.Input((8, 8, 3))
    outputs = {name: keras.layers.Conv2D(2, 3)(pixels) for name in names}
    if embedding:
        outputs["embedding"] = keras.layers.GlobalAveragePooling2D()(pixels)
    return FoundEncoder(keras.Model(pixels, outputs), 8, 8, "", "", "")


def test_blocks_are_the_maps_in_the_order_of_the_model():
    encoder = found("stem", "a/expand", "Mixed_5b", embedding=True)
    assert encoder.blocks == ["stem", "a/expand", "Mixed_5b"]
    assert (encoder.embedding, found("stem").embedding) == ("embedding", None)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", ["stem", "middle", "end"]),
        (" end , stem,end", ["stem", "end"]),
        (",", ["stem", "middle", "end"]),
        ("embedding,middle", ["middle", "embedding"]),
    ],
)
def test_names_come_once_in_the_order_of_the_model(names, expected):
    encoder = found("stem", "middle", "end", embedding=True)
    assert chosen_blocks(encoder, names, "blocks", takes_embedding=True) == expected


@pytest.mark.parametrize(
    ("names", "takes_embedding", "expected"),
    [
        ("conv9", False, "^layers=conv9: expected some of stem,end$"),
        ("stem,embedding", False, "^layers=stem,embedding: expected some of stem,end$"),
        ("conv9", True, "^layers=conv9: expected some of stem,end,embedding$"),
    ],
)
def test_a_name_that_the_encoder_lacks_is_refused_with_those_it_has(names, takes_embedding, expected):
    with pytest.raises(UsageError, match=expected):
        chosen_blocks(found("stem", "end", embedding=True), names, "layers", takes_embedding)
