"""What all probes of a run share, and which photos' features they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import tensorflow as tf

from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.features import Features, extract_features
from aesthkeras.labelled.fractions import draw_fraction
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.probes.rows import FeatureRows
from aesthkeras.probes.settings import ProbeRecipe


@dataclass(frozen=True)
class PhotoFeatures:
    """The features of some photos, to be asked for by the numbers that these have among all.

    Attributes:
        extracted: what `extract_features` returned for `chosen`.
        chosen: int `[chosen]`, ascending: which photos these are.
    """

    extracted: Features = field(default_factory=dict)
    chosen: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def of(self, layer: str, photos: np.ndarray) -> np.ndarray:
        """Loads the features of a layer: float32 `[len(photos), views, values]`.

        Raises:
            ValueError: some of the photos are not among the chosen ones.
        """
        return self.extracted[layer][self._places(photos)]

    def rows(self, layer: str, photos: np.ndarray) -> FeatureRows:
        """The features of a layer, a row a view, the views of a photo one after the other; none is loaded.

        Raises:
            ValueError: some of the photos are not among the chosen ones.
        """
        features, places = self.extracted[layer], self._places(photos)
        _, views, values = features.shape
        rows = (places[:, np.newaxis] * views + np.arange(views)).ravel()
        return FeatureRows(features.reshape(-1, values), rows)

    def _places(self, photos: np.ndarray) -> np.ndarray:
        places = np.searchsorted(self.chosen, photos).clip(max=len(self.chosen) - 1)
        if (self.chosen[places] != photos).any():
            raise ValueError(f"photos: expected some of the {len(self.chosen)} that have features")
        return places


@dataclass(frozen=True)
class Probing:
    """What all parts of a run share.

    Attributes:
        photos: those that can be read.
        photo_set: the files of the same photos, in the same order.
        encoder: the frozen encoder.
        pooled: what `pooling_function` returned for it.
        recipe: how to probe; it names the layers.
        cross_validated: whether the parts are folds.
        features: those of the photos that `photos_read` names; of none where all parts are done.
    """

    photos: LabelledPhotos
    photo_set: PhotoSet
    encoder: FoundEncoder
    pooled: tf.types.experimental.ConcreteFunction
    recipe: ProbeRecipe
    cross_validated: bool
    features: PhotoFeatures = field(default_factory=PhotoFeatures)


def labelled_photos(part: Part, probing: Probing) -> dict[float, np.ndarray]:
    """Which training photos of a part have a label: fraction -> indices, ascending; the draws are nested."""
    recipe, draws = probing.recipe, {}
    for fraction in recipe.fractions:
        # with all labels, a fixed split is the same in every repeat
        if fraction < 1 or probing.cross_validated or part.repeat == 0:
            ids = [probing.photos.ids[index] for index in part.train]
            purpose = f"{part.repeat}/{part.fold}"
            labels = part.labels[part.train]
            drawn = draw_fraction(ids, labels, fraction, recipe.seed, purpose, recipe.label_draws)
            draws[fraction] = part.train[drawn]
    return draws


def photos_read(planned: Sequence[Part], probing: Probing) -> np.ndarray:
    """The photos whose extracted features some part of the run reads, int64, ascending.

    All probes are tested on them. The exact solver also trains on them. SGD trains on crops that it cuts
    itself, and reads them only where the exact solver chooses its decay.
    """
    is_read = np.zeros(len(probing.photos.ids), bool)
    trains_on_them = probing.recipe.solver == "lbfgs" or probing.recipe.decay == "chosen"
    for part in planned:
        is_read[part.test] = True
        if trains_on_them:
            draws = labelled_photos(part, probing)
            is_read[draws[max(draws)]] = True
    return np.flatnonzero(is_read)


def with_features(probing: Probing, planned: Sequence[Part], feature_dir: str) -> Probing:
    """The same with the features that the parts read, extracted or from the cache in `feature_dir`.

    Raises:
        UsageError: the folder cannot be written, or a photo has gone since it was inspected.
    """
    recipe, chosen = probing.recipe, photos_read(planned, probing)
    extracted = extract_features(
        probing.encoder,
        probing.photo_set,
        feature_dir,
        recipe.layer_names,
        recipe.pooling,
        views=1 + recipe.mirror,
        chosen=chosen,
    )
    return replace(probing, features=PhotoFeatures(extracted, chosen))
