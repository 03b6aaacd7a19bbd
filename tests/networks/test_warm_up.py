"""Warm-up requests that TF Serving can read and the model can answer."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from aesthkeras.networks.warm_up import synthetic_photo


def test_one_request_per_signature_is_answered(export, loaded):
    path = export.path / "assets.extra" / "tf_serving_warmup_requests"
    answered = []
    for record in tf.data.TFRecordDataset(str(path)):
        log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
        request = log.predict_log.request
        assert request.model_spec.name == "tiny"
        inputs = {name: tf.constant(tf.make_ndarray(value)) for name, value in request.inputs.items()}
        answer = loaded.signatures[request.model_spec.signature_name](**inputs)
        assert all(values.shape[0] == 1 and np.all(np.isfinite(values)) for values in answer.values())
        answered.append(request.model_spec.signature_name)
    assert sorted(answered) == sorted(loaded.signatures)


def test_photo_is_the_same_every_time():
    photo = synthetic_photo(4, 8)
    assert photo.dtype == np.uint8 and photo.shape == (4, 8, 3)
    # Red grows downwards by 255 / 4, green to the right by 255 / 8, blue along both by 255 / 12.
    np.testing.assert_array_equal(photo[3, 0], [191, 0, 63])
    np.testing.assert_array_equal(photo[0, 4], [0, 127, 85])
