"""Functional Keras models with named blocks: conv1 to conv5 and embedding."""

from aesthkeras.encoders.alexnet import alexnet
from aesthkeras.encoders.blocks import BLOCK_NAMES, EMBEDDING, SMALLEST_INPUT, layer_seed
from aesthkeras.encoders.build import ENCODERS, build_encoder
from aesthkeras.encoders.lab import LabStandardization
from aesthkeras.encoders.pixels import PixelStandardization
from aesthkeras.encoders.positions import conv5_centers
from aesthkeras.encoders.resnet import resnet18
from aesthkeras.encoders.split import split_encoder
from aesthkeras.encoders.tiles import in_tiles

__all__ = [
    "BLOCK_NAMES",
    "EMBEDDING",
    "ENCODERS",
    "SMALLEST_INPUT",
    "LabStandardization",
    "PixelStandardization",
    "alexnet",
    "build_encoder",
    "conv5_centers",
    "in_tiles",
    "layer_seed",
    "resnet18",
    "split_encoder",
]
