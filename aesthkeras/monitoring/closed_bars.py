"""What the progress bars of both kinds share: how often they are redrawn, and that they are closed."""

from __future__ import annotations

import sys
from typing import Any


def redraws_per_second() -> int:
    """Return 5 on a terminal, 1 where each redrawn bar may be a line of a file."""
    return 5 if sys.stderr.isatty() else 1


class ClosedBars:
    """Closes its bars on leaving: the message after a training that was broken off gets its own line."""

    def bars(self) -> list[Any]:
        """The tqdm bars that were opened so far."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        """Closed on leaving."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes what is still open."""
        for bar in self.bars():
            bar.close()
