"""Requests that TF Serving sends to a model before it takes real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

# Where TF Serving looks: https://www.tensorflow.org/tfx/serving/saved_model_warmup
WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"


def synthetic_photo(height: int, width: int) -> np.ndarray:
    """A smooth gradient in three colours: uint8 ``[height, width, 3]``, the same every time."""
    rows, columns = np.mgrid[0:height, 0:width]
    channels = [255 * rows / height, 255 * columns / width, 255 * (rows + columns) / (height + width)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def write_warm_up_requests(folder: Path, model: str, signatures: dict[str, str], edge: int) -> None:
    """Write one request per signature, a TFRecord of ``PredictionLog``.

    Args:
        folder: one version's folder.
        model: the name the model is served under.
        signatures: input name, ``image_bytes`` or ``pixels``, by signature.
        edge: shorter edge of the request's photo in pixels.
    """
    photo = synthetic_photo(edge, edge * 4 // 3)
    inputs = {
        "image_bytes": tf.make_tensor_proto([tf.io.encode_jpeg(photo).numpy()]),
        "pixels": tf.make_tensor_proto(photo[np.newaxis]),
    }
    path = folder / WARM_UP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, name in signatures.items():
            request = predict_pb2.PredictRequest(inputs={name: inputs[name]})
            request.model_spec.name = model
            request.model_spec.signature_name = signature
            predict = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=predict).SerializeToString())
