"""Where the photos are: a folder, a list file, or the sample photos that other packages install."""

from __future__ import annotations

import heapq
import importlib.util
import os
from collections.abc import Iterator

from aesthkeras import storage
from aesthkeras.errors import UsageError
from aesthkeras.photos.skipped import Skipped, is_of_system

# Only files with these suffixes are photos; all else in a folder (labels.csv, README, .txt) is left alone.
# The format of a photo follows from its first bytes, not from its suffix.
PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp"),
    *(".webp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".hif"),
)

SAMPLES = "samples"  # a folder that has this very name is reached as ./samples

# Colour photographs that scikit-image and scikit-learn carry inside their wheels: no download.
SAMPLE_PHOTOS = {
    "skimage": (
        "data/astronaut.png",
        "data/chelsea.png",
        "data/coffee.png",
        "data/hubble_deep_field.jpg",
        "data/ihc.png",
        "data/motorcycle_left.png",
        "data/motorcycle_right.png",
        "data/retina.jpg",
        "data/rocket.jpg",
    ),
    "sklearn": (
        "datasets/images/china.jpg",
        "datasets/images/flower.jpg",
    ),
}


def find_photos(data_dir: str, photo_list: str | None = None, skipped: Skipped | None = None) -> list[str]:
    """Return the paths of all photos, sorted, each once.

    A folder is searched with all its subfolders, links to folders included; files without a photo's suffix,
    hidden files and folders, and those in which systems keep thumbnails (`@eaDir`, `__MACOSX`) are skipped.
    One line on stderr counts camera raw files and other pictures among them. A list names photos whatever
    their suffix, and names that do not exist stay in: reading them fails later, with a reason for each.

    Args:
        data_dir: a folder, or the word `samples` for the photos inside scikit-image and scikit-learn.
        photo_list: a UTF-8 text file with one path a line, absolute or relative to `data_dir`.
        skipped: counts what is skipped, instead of the line on stderr.

    Returns:
        Paths that start with `data_dir`, sorted by code point.

    Raises:
        UsageError: no such folder, a file where a folder is meant, nothing in it, an unreadable folder or
            list.
    """
    if data_dir == SAMPLES:
        if photo_list:
            raise UsageError("photo_list: expected a folder in data_dir to go with it, not the samples")
        return sample_photos()
    storage.connect(data_dir, "data_dir")
    if not storage.exists(data_dir):
        raise UsageError(f"data_dir={data_dir}: no such folder; expected a folder of photos or 'samples'")
    if not storage.is_folder(data_dir):
        raise UsageError(f"data_dir={data_dir}: is a file; expected a folder of photos or 'samples'")
    if photo_list:
        return _listed_photos(data_dir, photo_list)
    where, seen = f"data_dir={data_dir}", skipped or Skipped()
    is_remote = storage.is_remote(data_dir)
    paths = sorted(_photos_on_store(data_dir, seen) if is_remote else photos_in_folder(data_dir, where, seen))
    if not paths:
        raise UsageError(f"{where}: {no_photos(seen)}")
    if skipped is None:
        seen.say(where)
    return paths


def no_photos(skipped: Skipped) -> str:
    """Return the sentence for a folder without photos, with what was skipped in it."""
    found = skipped.text()
    names = f"no photos in this folder; expected names in {' '.join(PHOTO_SUFFIXES)}"
    return f"{names}; {found}" if found else names


def sample_photos() -> list[str]:
    """Return the paths of the colour photos that scikit-image and scikit-learn install, sorted.

    Raises:
        UsageError: none of them is there.
    """
    paths = []
    for package, names in SAMPLE_PHOTOS.items():
        spec = importlib.util.find_spec(package)  # looks, does not import
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            paths += [os.path.join(folder, *name.split("/")) for name in names]
    paths = sorted(path for path in paths if os.path.isfile(path))
    if not paths:
        raise UsageError("data_dir=samples: expected the photos of scikit-image or scikit-learn")
    return paths


def _photos_on_store(data_dir: str, skipped: Skipped) -> Iterator[str]:
    for folder, folders, files in storage.walk(data_dir):
        inner = folder[len(data_dir.rstrip("/")) :]
        if not any(is_of_system(part) for part in inner.split("/")):
            for name in filter(is_of_system, folders):
                skipped.add_folder(name)
            yield from (f"{folder}/{name}" for name in files if _is_photo(name, skipped))


def _is_photo(name: str, skipped: Skipped, more_suffixes: tuple[str, ...] = ()) -> bool:
    """Whether a file is a photo by its name; another picture is counted, and HEIC as well."""
    if is_of_system(name):
        return False
    if more_suffixes and name.lower().endswith(more_suffixes):
        return True
    skipped.add_file(name)
    return name.lower().endswith(PHOTO_SUFFIXES)


def photos_in_folder(
    root: str, named: str, skipped: Skipped, more_suffixes: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield the paths of all photos in a folder of this machine, one by one and in no order.

    Which files count is said at `find_photos`.

    Args:
        root: the folder; paths start with it.
        named: what an error message calls it (`data_dir=photos`).
        skipped: counts the pictures that are not taken.
        more_suffixes: of files that are photos as well.

    Raises:
        UsageError: it, or a folder in it, cannot be read.
    """
    folders = [root]
    visited = set()  # a link back to a parent folder would otherwise never end
    while folders:
        folder = heapq.heappop(folders)  # sorted, so always the same of two links to a folder counts
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not _is_folder(entry):
                        if _is_photo(entry.name, skipped, more_suffixes):
                            yield entry.path
                    elif is_of_system(entry.name):
                        skipped.add_folder(entry.name)
                    else:
                        heapq.heappush(folders, entry.path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(f"{named}: expected a readable folder at {folder}: {reason}") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _listed_photos(data_dir: str, photo_list: str) -> list[str]:
    try:
        # surrogateescape: a name that is not UTF-8 reaches the file system as the bytes it was
        with storage.read_text(photo_list) as lines:
            names = {line.rstrip("\n") for line in lines}
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"photo_list={photo_list}: expected a text file, one path a line: {reason}"
        ) from error
    paths = sorted({os.path.join(data_dir, name) for name in names if name.strip()})
    if not paths:
        raise UsageError(f"photo_list={photo_list}: names no photo; expected one path a line")
    return paths
