"""An export for other runtimes, TFLite and ONNX: the network alone, on pixels of its own size."""
