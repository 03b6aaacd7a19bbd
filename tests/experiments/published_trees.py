"""Small trees in the published layouts of the four data sets, cut from photos that packages install."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path

from PIL import Image

from aesthkeras.datasets.cuhkpq import SUBJECTS

CLASSES = ("n01440764", "n01443537", "n01484850")  # as ImageNet's folders are called
PHOTOS_OF_A_CLASS = 4


def plant_trees(root: Path, pieces: Sequence[Image.Image]) -> None:
    """`IMAGENET`, `AVA`, `AADB` and `CUHK-PQ` below `root`."""
    pictures = cycle(pieces)

    def plant(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        next(pictures).convert("RGB").save(path, "JPEG")

    for name in CLASSES:
        for number in range(PHOTOS_OF_A_CLASS):
            plant(root / "IMAGENET" / name / f"{name}_{number}.JPEG")
    _plant_ava(root / "AVA", plant)
    _plant_aadb(root / "AADB", plant)
    for subject in SUBJECTS:
        for quality in ("HighQuality", "LowQuality"):
            for number in range(2):
                plant(root / "CUHK-PQ" / "PhotoQualityDataset" / quality / subject / f"{number}.jpg")


def _plant_ava(root: Path, plant: Callable[[Path], None]) -> None:
    """Sixteen rated photos, the last six of them the test list; every other one is liked."""
    ids = [str(1000 + number) for number in range(16)]
    rows = []
    for number, id_ in enumerate(ids):
        plant(root / "images" / f"{id_}.jpg")
        counts = [0] * 10
        counts[6 if number % 2 else 2] = 9
        rows.append(f"{number + 1} {id_} {' '.join(map(str, counts))} 1 22 1396")
    (root / "AVA.txt").write_text("\n".join(rows) + "\n")
    (root / "aesthetics_image_lists").mkdir()
    (root / "aesthetics_image_lists" / "generic_test.jpgl").write_text("\n".join(ids[-6:]) + "\n")


def _plant_aadb(root: Path, plant: Callable[[Path], None]) -> None:
    """The lists of ten, four and six photos; every other one is liked."""
    for part, count in (("Train", 10), ("Validation", 4), ("TestNew", 6)):
        names = [f"{part}{number}.jpg" for number in range(count)]
        for name in names:
            plant(root / "datasetImages_warp256" / name)
        text = "".join(f"{name} {0.8 if number % 2 else 0.2}\n" for number, name in enumerate(names))
        place = root / "imgListFiles_label" / f"imgList{part}Regression_score.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
