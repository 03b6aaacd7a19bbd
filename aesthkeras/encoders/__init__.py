"""Functional Keras models with named blocks: conv1 to conv5 and embedding."""

from aesthkeras.encoders.alexnet import alexnet
from aesthkeras.encoders.blocks import BLOCK_NAMES, EMBEDDING, SMALLEST_INPUT
from aesthkeras.encoders.build import ENCODERS, build_encoder
from aesthkeras.encoders.pixels import PixelStandardization
from aesthkeras.encoders.resnet import resnet18

__all__ = [
    "BLOCK_NAMES",
    "EMBEDDING",
    "ENCODERS",
    "SMALLEST_INPUT",
    "PixelStandardization",
    "alexnet",
    "build_encoder",
    "resnet18",
]
