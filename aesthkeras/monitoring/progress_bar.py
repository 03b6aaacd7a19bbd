"""The progress bar of a training, under one name: that of tensorflow-addons, or tqdm's own.

Both show epochs and steps with the time left on stderr, redraw at most five times a second on a terminal and
once a second elsewhere, leave a line for every epoch, and are closed on leaving their `with` block.
"""

from __future__ import annotations

import importlib.util
from typing import Any

if importlib.util.find_spec("tensorflow_addons"):
    from aesthkeras.monitoring.addons_bar import AddonsBar

    ProgressBar: Any = AddonsBar
else:  # addons ended with Keras 2
    from aesthkeras.monitoring.tqdm_bar import TqdmBar

    ProgressBar = TqdmBar
