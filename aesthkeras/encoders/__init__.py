"""Functional Keras models from pixels to their blocks by name: `conv1` to `conv5` and `embedding`.

Nothing is imported before it is used, so that `import aesthkeras.encoders` does not load TensorFlow. The
public names stand in `__init__.pyi`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
