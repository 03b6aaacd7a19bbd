"""A picture of all 22 classes of Table 1, photo by photo, labelled."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from aesthkeras.degradations.batch import degrade
from aesthkeras.degradations.table import CLASSES, DegradationSettings
from aesthkeras.errors import UsageError
from aesthkeras.files import printable, replace_file
from aesthkeras.photos.reading import read_photos

CELLS_PER_ROW = 8
LABEL_HEIGHT = 18
MARGIN = 4


def write_contact_sheet(
    paths: Sequence[str], out: str, edge: int, crop: int, seed: int, settings: DegradationSettings
) -> list[tuple[str, str]]:
    """Draws the centre crop of each photo under all 22 classes and writes the picture.

    Args:
        paths: photo files.
        out: the picture file; written aside and renamed.
        edge: shorter edge after resizing, in pixels.
        crop: side of the crop, in pixels.
        seed: decides noise, shuffling and mixup partners.
        settings: how the open points of Table 1 are settled.

    Returns:
        (path, reason) of the photos that could not be decoded and were left out.

    Raises:
        UsageError: no photo could be decoded, or the picture cannot be written.
    """
    photos = list(read_photos(paths, edge, crop))
    patches = [(photo.path, photo.crops[0]) for photo in photos if not photo.error]
    unusable = [(photo.path, photo.error) for photo in photos if photo.error]
    if not patches:
        path, reason = unusable[0]
        raise UsageError(f"{path}: expected a photo that can be decoded; {reason}")
    classes = tf.tile(tf.range(len(CLASSES))[tf.newaxis], [len(patches), 1])
    crops = np.stack([patch for _, patch in patches])
    views = degrade(crops, classes, tf.constant([seed, 0]), settings).numpy()
    save(stack_sheets([photo_sheet(path, view) for (path, _), view in zip(patches, views)]), out)
    return unusable


def photo_sheet(name: str, views: np.ndarray) -> Image.Image:
    """One photo's views, uint8 `[22, crop, crop, 3]`, in a labelled grid under the photo's name."""
    crop = views.shape[1]
    rows = -(-len(views) // CELLS_PER_ROW)
    cell_width, cell_height = crop + MARGIN, crop + LABEL_HEIGHT + MARGIN
    sheet = Image.new(
        "RGB", (CELLS_PER_ROW * cell_width + MARGIN, LABEL_HEIGHT + rows * cell_height + MARGIN), "white"
    )
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, 2), printable(Path(name).name), fill="black", font=font(13))
    for index, view in enumerate(views):
        left = MARGIN + index % CELLS_PER_ROW * cell_width
        top = LABEL_HEIGHT + index // CELLS_PER_ROW * cell_height
        draw.text((left, top + 2), CLASSES[index].name, fill="black", font=font(12))
        sheet.paste(Image.fromarray(view), (left, top + LABEL_HEIGHT))
    return sheet


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that Pillow brings along, at `size` pixels."""
    return ImageFont.load_default(size)


def stack_sheets(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets of equal width, one below the other."""
    whole = Image.new("RGB", (sheets[0].width, sum(sheet.height for sheet in sheets)), "white")
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height
    return whole


def save(picture: Image.Image, out: str) -> None:
    """Writes a picture aside and renames it; the suffix of `out` decides the format.

    Raises:
        UsageError: the suffix is no picture's, its format cannot hold this one, or the file cannot be
            written.
    """
    suffix = Path(out).suffix.lower()
    format_name = Image.registered_extensions().get(suffix)
    if format_name not in Image.SAVE:
        raise UsageError(f"out={out}: expected a file name that ends like a picture, such as sheet.png")
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format_name)
    except (OSError, ValueError, OverflowError, struct.error) as error:  # what Pillow's writers raise
        size = f"{picture.width} x {picture.height} pixels"
        raise UsageError(f"out={out}: expected a format that takes RGB of {size} ({error})") from error
    try:
        replace_file(Path(out), buffer.getvalue())
    except OSError as error:
        raise UsageError(f"out={out}: expected a place to write to ({error.strerror})") from error
