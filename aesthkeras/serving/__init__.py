"""For models in use: a client for TensorFlow Serving, and the formats of other runtimes."""
