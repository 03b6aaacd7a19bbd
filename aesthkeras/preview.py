"""A labelled sheet of all 22 classes per photo: `python -m aesthkeras.preview PHOTO... --out=sheet.png`."""

from __future__ import annotations

from dataclasses import dataclass

from aesthkeras import command
from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class PreviewSettings:
    """What the sheet shows."""

    out: str = setting("sheet.png", "picture file to write; its suffix decides the format")
    resize: int = setting(256, "shorter edge of a photo in pixels before cropping")
    crop: int = setting(227, "side of the square patch in pixels, cut from the middle")
    seed: int = setting(0, "decides noise, shuffling and the partner of mixup")
    jpeg: str = setting("codec", "JPEG by libjpeg, or by its batched form for GPUs", ["codec", "dct"])
    blur_unit: str = setting(
        "percent",
        "sigma of the blur in percent of the crop (of 227 pixels at least), or in pixels",
        ["percent", "pixel"],
    )
    noise_scale: str = setting(
        "standardised", "noise variance of the standardised image, or of [0, 1]", ["standardised", "unit"]
    )
    quantization: str = setting(
        "levels",
        "quantization to 64 and 8 levels of each channel, or to a palette of as many colours",
        ["levels", "palette"],
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "out", bool(self.out), "a file to write")
        require(self, "seed", 0 <= self.seed < 2**31, "a number from 0 to 2147483647")
        require(self, "crop", self.crop >= 32, "at least 32 pixels")
        require(self, "crop", self.crop <= self.resize, f"at most the shorter edge, --resize={self.resize}")


def main(paths: list[str]) -> None:
    """Draws the sheet of the photos named on the command line."""
    settings = command.from_flags(PreviewSettings)
    if not paths:
        raise UsageError("preview: expected at least one photo, as in `preview PHOTO... --out=sheet.png`")

    from aesthkeras.degradations.contact_sheet import write_contact_sheet
    from aesthkeras.degradations.table import DegradationSettings

    look = DegradationSettings(
        jpeg=settings.jpeg,
        blur_unit=settings.blur_unit,
        noise_scale=settings.noise_scale,
        quantization=settings.quantization,
        eight_bit=True,
    )
    unusable = write_contact_sheet(
        paths, settings.out, edge=settings.resize, crop=settings.crop, seed=settings.seed, settings=look
    )
    for path, reason in unusable:
        say(f"left out {path}: {reason}")
    say(f"{counted(len(paths) - len(unusable), 'photo')} in {settings.out}")


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(PreviewSettings), positional=True, resumes=lambda: False)
