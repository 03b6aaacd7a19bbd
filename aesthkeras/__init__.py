"""Aesthetic features for photos, learned without labels by telling degradations apart.

Nothing is imported before it is used, so `import aesthkeras` does not load TensorFlow. The public names
stand in `__init__.pyi`.
"""

import lazy_loader

__version__ = "0.2.0"

__getattr__, _, _public = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*_public, "__version__"]


def __dir__() -> list[str]:
    return list(__all__)
