"""Where and how a pre-training runs: photos, folders, devices, what is logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aesthkeras.settings import require, setting
from aesthkeras.training.device_settings import DeviceSettings
from aesthkeras.training.run_folder import default_saved_model


@dataclass(frozen=True)
class RunSettings(DeviceSettings):
    """Settings that may change when a run is resumed: they decide where and how it runs, not what it learns.

    Only `degrade_on` changes numbers: on a GPU `jpeg="auto"` is another implementation of JPEG than on a CPU.
    Likewise `precision="auto"` in the recipe depends on the machine. run.json records what each meant when
    the run was last started.
    """

    data_dir: str = setting(
        "samples",
        "folder of photos, folder of shards that `prepare` made (their training part is used), or `samples` "
        "for the photos that scikit-image and scikit-learn install",
    )
    data_notes: str = setting(
        "",
        "what the model card says of the photos' licence, a text or a text file; empty for the LICENSE, "
        "NOTICE or README in --data_dir",
    )
    photo_list: str = setting("", "file with one path a line, relative to --data_dir; empty for all photos")
    run_dir: str = setting("runs/pretext", "folder of this run: flags, log, checkpoints, TensorBoard")
    out: str = setting("", "folder of the SavedModel; empty for savedmodels/NAME, named after --run_dir")
    cache: str = setting("none", "where decoded photos are kept between epochs", ["none", "memory", "disk"])
    degrade_on: str = setting(
        "auto", "device of the degradations; auto takes a GPU if there is one", ["auto", "cpu", "gpu"]
    )
    batch_norm: str = setting(
        "synchronised",
        "several replicas: batch normalisation by the statistics of the whole batch, or of a replica's share",
        ["synchronised", "per_replica"],
    )
    checkpoint_minutes: float = setting(
        10.0, "minutes between checkpoints inside an epoch; one follows each epoch anyway"
    )
    histograms: bool = setting(False, "write histograms of all weights to TensorBoard each epoch")
    profile_steps: str = setting(
        "", "first,last step to profile for TensorBoard, such as 20,30; empty for none"
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        DeviceSettings.__post_init__(self)
        require(self, "run_dir", bool(self.run_dir), "a folder")
        require(self, "checkpoint_minutes", self.checkpoint_minutes > 0, "a number above 0")
        parts = self.profile_steps.split(",") if self.profile_steps else ["1", "1"]
        numbers = len(parts) == 2 and all(part.strip().isdecimal() for part in parts)
        ordered = numbers and 1 <= int(parts[0]) <= int(parts[1])
        require(self, "profile_steps", ordered, "two step numbers, first,last, counted from 1")

    def saved_model(self) -> Path:
        """The folder of the SavedModel: `out`, or its default."""
        return Path(self.out) if self.out else default_saved_model(self.run_dir)
