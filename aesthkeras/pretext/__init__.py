"""Pretext tasks, and the Keras model that trains any of them."""

import lazy_loader

# Names are imported when they are used: the commands read the options of a task before TensorFlow is loaded.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
