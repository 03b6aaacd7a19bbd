"""ONNX, for onnxruntime and what else reads it: float32. Needs the extra `onnx`."""

from __future__ import annotations

from aesthkeras.errors import UsageError
from aesthkeras.serving.formats.pixel_network import PixelNetwork

OPSET = 17


def to_onnx(network: PixelNetwork) -> bytes:
    """Convert a network to an ONNX file; its input is `pixels`, its outputs have their names.

    Raises:
        UsageError: tf2onnx is not installed.
    """
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise UsageError(
            "format=onnx: expected the packages onnx and tf2onnx: pip install '.[onnx]'"
        ) from error
    signature = network.answer.input_signature
    model, _ = tf2onnx.convert.from_function(network.answer, input_signature=signature, opset=OPSET)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    onnx.checker.check_model(model)
    return model.SerializeToString()
