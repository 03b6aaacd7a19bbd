"""What all probes of a run share."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from aesthkeras.labelled.features import Features
from aesthkeras.labelled.protocols import LabelledPhotos
from aesthkeras.networks.found import FoundEncoder
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.probes.settings import ProbeRecipe


@dataclass(frozen=True)
class Probing:
    """What all parts of a run share.

    Attributes:
        photos: those that can be read.
        photo_set: the files of the same photos, in the same order.
        encoder: the frozen encoder.
        pooled: what `pooling_function` returned for it.
        features: what `extract_features` returned.
        recipe: how to probe; it names the layers.
        cross_validated: whether the parts are folds.
    """

    photos: LabelledPhotos
    photo_set: PhotoSet
    encoder: FoundEncoder
    pooled: tf.types.experimental.ConcreteFunction
    features: Features
    recipe: ProbeRecipe
    cross_validated: bool
