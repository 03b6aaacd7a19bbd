"""tqdm's own progress bar for Keras."""

from __future__ import annotations

from typing import Any

from tqdm.auto import tqdm
from tqdm.keras import TqdmCallback

from aesthkeras.monitoring.closed_bars import ClosedBars, redraws_per_second

LINE_OF_EACH_EPOCH = 2  # tqdm's `verbose`


class TqdmBar(ClosedBars, TqdmCallback):
    """Epochs and steps with the time left.

    Keras 3 turns the logs of every step into numbers, whoever reads them, as long as any callback of the
    training must run between two steps. So this bar cannot spare the wait that `AddonsBar` spares.
    """

    def __init__(self) -> None:
        super().__init__(verbose=LINE_OF_EACH_EPOCH, tqdm_class=_open_bar)

    def bars(self) -> list[Any]:
        """The bar of the steps and that of the epochs."""
        return [self.batch_bar, self.epoch_bar] if hasattr(self, "batch_bar") else [self.epoch_bar]


def _open_bar(unit_scale: float = 1.0, **settings: Any) -> tqdm:
    """A bar as tqdm's callback asks for it, but without a scale: 12 steps are shown as 12, not as 12.0."""
    del unit_scale
    return tqdm(mininterval=1 / redraws_per_second(), dynamic_ncols=True, **settings)
