"""Models by name: those that come with the package are found from any folder."""

from __future__ import annotations

from pathlib import Path

from aesthkeras.errors import UsageError
from aesthkeras.files import shipped


def find_model(model: str | Path) -> Path:
    """The folder of a SavedModel.

    Args:
        model: `savedmodels/NAME` (its highest version), `savedmodels/NAME/VERSION`, or the name of a model
            that comes with the package, `quality` or `beauty`. A folder with that name has precedence.

    Raises:
        UsageError: there is neither such a folder nor such a model.
    """
    folder = Path(model) if Path(model).exists() else shipped(f"savedmodels/{model}")
    if folder is None:
        raise UsageError(
            f"model={model}: expected a SavedModel, or a folder of its versions, or a model that comes with "
            "the package, such as quality"
        )
    return folder
