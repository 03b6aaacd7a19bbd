"""An export, opened: encoder, scorer and what they say of themselves, as Keras models again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.keras_graph import variables_of
from aesthkeras.encoders.package_weights import (
    PACKAGE,
    fill_networks,
    fingerprints,
    own_variables,
    package_state,
)
from aesthkeras.errors import UsageError, first_line
from aesthkeras.files import shipped
from aesthkeras.networks.description import ENCODER_FILE, NetworkDescription, read_description, rebuild
from aesthkeras.networks.heads import scoring_model
from aesthkeras.networks.rating_range import within_range

SAVED_MODEL_FILE = "saved_model.pb"
OWN_WEIGHTS = "own_weights"  # the checkpoint of an export without the weights that a package has
EXPORT_FILES = (SAVED_MODEL_FILE, f"{OWN_WEIGHTS}.index")  # a version has one of them
SHIPPED = "savedmodels"  # where the models lie that come with the package


def versions(folder: str | Path) -> list[int]:
    """The versions in ``savedmodels/NAME``, in order; none where there is no such folder."""
    names = [path.name for path in Path(folder).glob("*") if path.is_dir()]
    return sorted(int(name) for name in names if name.isdecimal())


def newest_version(folder: Path) -> Path | None:
    """The folder with an export: ``folder`` itself or its highest version; None for neither."""
    folders = [folder, *(folder / str(version) for version in reversed(versions(folder)))]
    return next((one for one in folders if any((one / name).exists() for name in EXPORT_FILES)), None)


def find_export(name_or_folder: str | os.PathLike[str], argument: str = "model") -> Path:
    """The folder that a name or a path stands for.

    Args:
        name_or_folder: a path; or, where there is nothing at that path, the name of a model that comes with
            the package, such as ``quality``.
        argument: what errors call it.

    Raises:
        UsageError: neither is there.
    """
    if Path(name_or_folder).exists():
        return Path(name_or_folder)
    folder = shipped(f"{SHIPPED}/{name_or_folder}")
    if folder is not None and newest_version(folder):
        return folder
    models = shipped(SHIPPED)
    names = sorted(path.name for path in models.glob("*") if newest_version(path)) if models else []
    or_shipped = f", or one of {', '.join(names)}" if names else ""
    raise UsageError(
        f"{argument}={name_or_folder}: expected a SavedModel, or a folder of its versions{or_shipped}"
    )


@dataclass(frozen=True)
class Export:
    """What this package exported; ``Export.open`` reads its version and its descriptions once.

    It is a SavedModel, or what ``own_weights.py`` makes of one: without the weights that a package has.

    Attributes:
        folder: of the version, the one that holds ``saved_model.pb`` or ``own_weights.index``.
        name: ``NAME``, or ``NAME/VERSION`` where a version was asked for.
        description: the networks without their weights, and what is known of them.
        asked: how errors begin: the argument and what it said, ``model=savedmodels/quality``.
    """

    folder: Path
    name: str
    description: NetworkDescription
    asked: str

    @classmethod
    def open(cls, name_or_folder: str | os.PathLike[str], argument: str = "model") -> Export:
        """Open an export.

        Args:
            name_or_folder: as ``find_export`` takes it: ``savedmodels/NAME`` (its highest version),
                ``savedmodels/NAME/VERSION``, or the name of a model that comes with the package.
            argument: what errors call it.

        Raises:
            UsageError: there is no SavedModel, it is damaged, or another package wrote it.
        """
        place = find_export(name_or_folder, argument)
        asked, folder = f"{argument}={name_or_folder}", newest_version(place)
        if folder is None:
            raise UsageError(f"{asked}: expected a SavedModel, or a folder of its versions")
        return cls.of_version(place, folder, asked)

    @classmethod
    def of_version(cls, place: Path, folder: Path, asked: str) -> Export:
        """Open one version.

        Args:
            place: what was asked for, ``savedmodels/NAME`` or the version's own folder.
            folder: of the version.
            asked: how errors begin.

        Raises:
            UsageError: it is damaged, or another package wrote it.
        """
        try:
            description = read_description(folder / "assets")
        except FileNotFoundError as error:
            raise UsageError(
                f"{asked}: expected a SavedModel of aesthkeras, with assets/{ENCODER_FILE}"
            ) from error
        except (OSError, ValueError) as error:
            raise _damaged(asked, error) from error
        place = place.resolve()
        name = f"{place.parent.name}/{place.name}" if place.name.isdecimal() else place.name
        return cls(folder, name, description, asked)

    @property
    def resize(self) -> int:
        """Length of a photo's shorter edge before the crop, in pixels."""
        return self.description.resize

    @property
    def crop(self) -> int:
        """Edge of the square that the network sees, in pixels."""
        return self.description.crop

    @property
    def class_names(self) -> list[str]:
        """Names of the degradations; empty where the export knows none."""
        return self.description.class_names

    @property
    def is_scorer(self) -> bool:
        """Whether it scores."""
        return self.description.scorer is not None

    @property
    def meaning(self) -> dict[str, Any]:
        """What scorer.json says of the score; empty for an encoder alone."""
        return self.description.meaning

    @property
    def notes(self) -> str:
        """What is known about the licence of the photos that trained it; empty for nothing."""
        return self.description.notes

    def encoder(self) -> keras.Model:
        """Rebuild the encoder with its weights.

        Returns:
            A functional model in float32 from RGB pixel values ``[N, crop, crop, 3]``, uint8 or floating, to
            its blocks and, where it has one, its ``embedding``, by name.

        Raises:
            UsageError: the weights are damaged, or those of another network; or those of a package are
                wanted that is not installed, or has others.
        """
        fingerprint = self.description.package_weights
        if not fingerprint:
            return self._trained(self.description.encoder, "encoder_weights")
        state = package_state(self.asked)
        model = self._trained(self.description.encoder, "encoder_weights", own_variables)
        fill_networks(model, state, self.asked)
        if fingerprints(model) != {fingerprint}:
            raise UsageError(f"{self.asked}: expected the weights that trained it; {PACKAGE} has others")
        return model

    def degradations(self) -> tuple[keras.Model, list[str]] | None:
        """Rebuild the head that tells degradations apart.

        Returns:
            A functional model from the embedding to logits, or to a dict that holds them as ``logits``, and
            the names of the classes; None for an export without it.

        Raises:
            UsageError: the weights are damaged, or those of another network.
        """
        if self.description.head is None:
            return None
        return self._trained(self.description.head, "head_weights"), self.class_names

    def scorer(self) -> keras.Model:
        """Rebuild the scorer alone.

        Returns:
            A functional model in float32 from some of the encoder's outputs, by name and not pooled, to
            ``score`` float32 ``[N]`` and what goes with it; ``rating`` is inside its ``rating_range``.

        Raises:
            UsageError: an encoder alone, or the weights are damaged or those of another network.
        """
        if self.description.scorer is None:
            raise UsageError(
                f"{self.asked}: expected a scorer's SavedModel, as `adapt` exports it, not an encoder alone"
            )
        scorer = self._trained(self.description.scorer, "scorer_weights")
        # exports of 0.1.0 let it out of there
        return within_range(scorer, self.meaning.get("rating_range"))

    def scoring_model(self) -> keras.Model:
        """Rebuild encoder, scorer and head as one model.

        Returns:
            As ``heads.scoring_model``: from RGB pixel values ``[N, crop, crop, 3]``, uint8 or floating, to
            ``score`` and what goes with it, the encoder's outputs (blocks not pooled), and, where it knows
            them, ``degradations`` float32 ``[N, classes]``, probabilities.

        Raises:
            UsageError: an encoder alone, or the weights are damaged or those of another network.
        """
        scorer, degradations = self.scorer(), self.degradations()
        return scoring_model(self.encoder(), scorer, degradations[0] if degradations else None)

    def _trained(
        self,
        configuration: dict[str, Any],
        weights: str,
        kept: Callable[[keras.Model], list[tf.Variable]] = variables_of,
    ) -> keras.Model:
        """The model of a description with the weights that are kept with it."""
        place = OWN_WEIGHTS if self.description.package_weights else "variables/variables"
        try:
            model = rebuild(configuration)
            stored = tf.train.Checkpoint(**{weights: kept(model)})
            status = stored.read(str(self.folder / place))
            status.assert_existing_objects_matched().expect_partial()
        # a file of variables cut short is an IndexError
        except (OSError, ValueError, LookupError, AssertionError, tf.errors.OpError) as error:
            raise _damaged(self.asked, error) from error
        return model


def _damaged(asked: str, error: Exception) -> UsageError:
    return UsageError(f"{asked}: expected a SavedModel that can be read ({first_line(error)})")
