"""Table 1 of the paper and an extension of it, as Keras layers.

    blurred = aesthkeras.degradations.GaussianBlur(0.8)(photos)

`table` lists operations and classes, `degrade` applies classes to a batch, `DegradedViews` makes the views of
the pretext task. Nothing is loaded before it is asked for: `table` needs no TensorFlow.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
