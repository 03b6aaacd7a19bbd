"""Exports an encoder or a scorer: `python -m aesthkeras.export --run_dir=runs/NAME --format=savedmodel`.

A run folder's newest checkpoint becomes a SavedModel, as TF Serving reads it; a run folder or a SavedModel
(--model) becomes a file for TFLite or ONNX, which takes pixels of the network's own size. A scorer with
content becomes a folder of its own weights, without those of a package, and such a folder a SavedModel.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from aesthkeras import command
from aesthkeras.errors import UsageError
from aesthkeras.files import folder_name
from aesthkeras.monitoring.progress import say
from aesthkeras.photos.notes import find_notes
from aesthkeras.settings import require, require_text, setting
from aesthkeras.training.run_folder import RunFolder

FOLDERS = ("savedmodel", "own_weights")
FORMATS = (*FOLDERS, "tflite", "onnx")
PRECISIONS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class ExportSettings:
    """Which model, into what, and where to."""

    run_dir: str = setting("", "folder of a pre-training run; its newest checkpoint is exported")
    model: str = setting(
        "", "SavedModel of an encoder or a scorer instead of --run_dir: a folder, or quality or beauty"
    )
    format: str = setting(
        "savedmodel",
        "what to write; onnx needs the extra `onnx`; own_weights is a folder without the weights of "
        "efficientnet_lite0, of a scorer that reads it",
        FORMATS,
    )
    precision: str = setting(
        "float32", "of a tflite file's weights; int8 computes in whole numbers", PRECISIONS
    )
    data_dir: str = setting(
        "samples", "for int8: photos like those to come, a folder; `samples` is for encoders only"
    )
    out: str = setting(
        "",
        "folder of the SavedModel, else the file; empty for a place in savedmodels/ named after the model",
    )
    data_notes: str = setting(
        "",
        "the photos' licence for the model card, a text or a text file; empty for what the run noted",
    )

    def __post_init__(self) -> None:
        """Checks that one model is named and can become what is asked for; raises `UsageError`."""
        require(self, "run_dir", bool(self.run_dir or self.model), "the folder of a run, or --model")
        require(self, "model", not (self.run_dir and self.model), "either this or --run_dir")
        is_of_run = self.format != "own_weights"
        require(self, "format", is_of_run or bool(self.model), "savedmodel, tflite or onnx with --run_dir")
        is_possible = self.precision == "float32" or self.format == "tflite"
        require(self, "precision", is_possible, "float32 but for --format=tflite")
        for name in ("run_dir", "model", "data_dir", "out", "data_notes"):
            require_text(name, getattr(self, name))

    def target(self) -> Path:
        """Where the result goes: `--out`, or a place named after the model."""
        if self.out:
            return Path(self.out)
        source = Path(self.run_dir or self.model).resolve()
        is_version = self.model and source.name.isdecimal()
        name = folder_name(source.parent if is_version else source)
        if self.format in FOLDERS:
            return Path("savedmodels") / (f"{name}-{self.format}" if self.model else name)
        precision = "" if self.precision == "float32" else f"-{self.precision}"
        return Path("savedmodels") / f"{name}{precision}.{self.format}"


def main(_: list[str]) -> None:
    """Exports and says where to."""
    settings = command.from_flags(ExportSettings)
    run, out = RunFolder(settings.run_dir) if settings.run_dir else None, settings.target()

    from aesthkeras.networks.export import Export
    from aesthkeras.pretext.export import export_trained
    from aesthkeras.serving.formats.converting import convert

    notes = find_notes("", settings.data_notes) if settings.data_notes else ""
    if settings.format in FOLDERS:
        folder = _written_anew(settings, out) if run is None else export_trained(run, out, notes)
        say(f"the model is in {folder}")
        return
    with tempfile.TemporaryDirectory() as temporary:
        model = settings.model if run is None else export_trained(run, Path(temporary), notes)
        convert(Export.open(model), out, settings.format, settings.precision, settings.data_dir)
    say(f"the model is in {out}, what it takes in {out}.json")


def _written_anew(settings: ExportSettings, out: Path) -> Path:
    """The model without the weights of a package, or with them."""
    from aesthkeras.networks.export import Export
    from aesthkeras.networks.own_weights import export_own_weights, export_whole

    write = export_whole if settings.format == "savedmodel" else export_own_weights
    try:
        return write(Export.open(settings.model), out)
    except OSError as error:
        raise UsageError(f"out={out}: expected a folder to write to ({error.strerror})") from error


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ExportSettings), resumes=lambda: False)
