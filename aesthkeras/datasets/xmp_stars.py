"""Photos that people gave stars in a photo program: in XMP sidecars, or in the photos themselves."""

from __future__ import annotations

from aesthkeras.culling.sidecars import SidecarError, stars_for
from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import relative
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import MEDIAN, DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.photos.sources import find_photos
from aesthkeras.storage import is_remote

LEAST_STARS, MOST_STARS = 1, 5
REJECTED = -1


def read(data_dir: str, settings: DatasetSettings, name: str = "xmp") -> DataSet:
    """Every photo under `data_dir` that has stars: its score, from 1 to 5.

    Stars are read from `photo.jpg.xmp`, `photo.xmp`, or the photo's own XMP. Photos without stars, those
    whose stars `score --xmp` wrote, and rejected ones are left out. Ids are paths relative to `data_dir`.

    Args:
        data_dir: a folder on this machine.
        settings: all of them apply but those of a csv.
        name: of the data set.

    Raises:
        UsageError: a folder on a store, no photo with stars, or see `find_photos`.
    """
    if is_remote(data_dir):
        raise UsageError(f"data_dir={data_dir}: expected a folder on this machine with dataset={name}")
    records: list[Record] = []
    left_out: list[tuple[str, str, str]] = []
    for path in find_photos(data_dir):
        identity = printable(relative(path, data_dir))
        try:
            stars = stars_for(path)
        except SidecarError as error:
            left_out.append((identity, path, f"its stars cannot be read: {error}"))
            continue
        if stars is None or stars == REJECTED:
            left_out.append((identity, path, "rejected" if stars == REJECTED else "no stars of a person's"))
        else:
            records.append(Record(identity, path, score=float(stars)))
    if not records:
        raise UsageError(
            f"data_dir={data_dir}: none of {len(left_out)} photos has stars; expected XMP sidecars "
            "(photo.jpg.xmp or photo.xmp), or XMP inside the photos, with ratings from 1 to 5"
        )
    stars_range = (float(LEAST_STARS), float(MOST_STARS))
    data_set = DataSet(name, records, left_out=left_out, score_range=stars_range, own_threshold=MEDIAN)
    return assemble(data_set, settings, f"data_dir={data_dir}", "random")
