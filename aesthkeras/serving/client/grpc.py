"""A client over gRPC: faster than REST where answers are long, as features are.

`tensorflow-serving-api` brings the messages and needs TensorFlow for them.
"""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from aesthkeras.errors import UsageError
from aesthkeras.serving.client.asking import (
    DEFAULT_LIMITS,
    Limits,
    PhotoClient,
    RequestRefusedError,
    ServiceUnavailableError,
    ServingError,
)

RETRIED_CODES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)
# The default limit of gRPC is 4 MiB, that of TF Serving 2 GiB.
ANY_SIZE = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class GrpcClient(PhotoClient):
    """Asks a model behind TF Serving's gRPC port, over one connection; `close` ends it.

    Args:
        address: `HOST:8500`.
        model: the name it is served under.
        version: which of its versions; None for the one that the service takes.
        limits: how much goes into a request, and how often it is tried.

    Raises:
        UsageError: a URL in place of an address.
    """

    def __init__(
        self, address: str, model: str, *, version: int | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        if address.startswith(("http://", "https://")):
            raise UsageError(f"{address}: expected the address of a gRPC port, HOST:PORT without http://")
        super().__init__(f"{address}, model {model}", limits)
        self._model, self._version = model, version
        self._channel = grpc.insecure_channel(address, options=ANY_SIZE)
        self._service = PredictionServiceStub(self._channel)

    def send(self, photos: Sequence[bytes], signature: str) -> list[dict[str, np.ndarray]]:
        """As `PhotoClient.send`."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model
        request.model_spec.signature_name = signature
        if self._version is not None:
            request.model_spec.version.value = self._version
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(photos, tf.string))
        try:
            response = self._service.Predict(request, timeout=self.limits.timeout)
        except grpc.RpcError as error:
            raise self._failure(error.code(), error.details()) from error
        outputs = {name: tf.make_ndarray(values) for name, values in response.outputs.items()}
        count = min((len(values) for values in outputs.values()), default=0)
        return [{name: values[place] for name, values in outputs.items()} for place in range(count)]

    def close(self) -> None:
        """As `PhotoClient.close`."""
        self._channel.close()

    def _failure(self, code: grpc.StatusCode, details: str) -> Exception:
        text = f"{code.name}: {details}"
        if code in RETRIED_CODES:
            return ServiceUnavailableError(text)
        if code is grpc.StatusCode.INVALID_ARGUMENT:
            return RequestRefusedError(text)
        return ServingError(f"{self.address}: {text}")
