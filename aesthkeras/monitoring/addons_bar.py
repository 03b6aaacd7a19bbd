"""The progress bar of tensorflow-addons, which runs under Keras 2 only."""

from __future__ import annotations

import warnings
from typing import Any

from aesthkeras.monitoring.closed_bars import ClosedBars, redraws_per_second

with warnings.catch_warnings():  # addons greets with twelve lines on its end of life; setup.cfg pins it
    warnings.simplefilter("ignore")
    import tensorflow_addons as tfa


class AddonsBar(ClosedBars, tfa.callbacks.TQDMProgressBar):
    """Epochs and steps with the time left."""

    def __init__(self) -> None:
        super().__init__(update_per_second=redraws_per_second())
        self._supports_tf_logs = True  # numbers are read when the bar is redrawn, not at each step

    def bars(self) -> list[Any]:
        """The bar of the steps and that of the epochs."""
        return [bar for bar in (self.epoch_progress_tqdm, self.overall_progress_tqdm) if bar is not None]
