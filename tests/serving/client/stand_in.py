"""Stands in for TF Serving, which cannot be installed here: its gRPC services and its REST port.

gRPC is built on the service definitions of `tensorflow-serving-api`. REST, status codes and error messages
follow TF Serving's documentation (https://www.tensorflow.org/tfx/serving/api_rest) and, where that is silent,
its sources: http_server.cc, json_tensor.cc, predict_util.cc, grpc_status_util.cc.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

Code = grpc.StatusCode
HTTP_STATUS = {
    Code.INVALID_ARGUMENT: 400,
    Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.UNAVAILABLE: 503,
    Code.DEADLINE_EXCEEDED: 504,
}
ERROR_BYTES = 1024  # gRPC only
CODES = {code.value[0]: code for code in Code}


class RefusedError(Exception):
    """An answer that is a status."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ServedModel:
    """One version of a model, loaded by tf.saved_model, behind both ports.

    Attributes:
        name: the model's name.
        refusals: statuses that the next requests get, whatever they ask.
        batch_sizes: photos in each request that reached the model.
    """

    def __init__(self, path: Path, name: str, loaded: object) -> None:
        self.name, self.version = name, int(path.name)
        self.refusals: list[grpc.StatusCode] = []
        self.batch_sizes: list[int] = []
        self._model = loaded
        graphs = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes()).meta_graphs
        self.signature_defs = dict(graphs[0].signature_def)

    def check(self, name: str, version: int | None) -> None:
        if self.refusals:
            raise RefusedError(self.refusals.pop(0), "for a test")
        if name != self.name or version not in (None, self.version):
            which = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise RefusedError(Code.NOT_FOUND, f"Servable not found for request: {which}")

    def inputs_of(self, signature: str) -> dict[str, object]:
        if signature not in self.signature_defs:
            raise RefusedError(Code.INVALID_ARGUMENT, f'Serving signature key "{signature}" not found.')
        return dict(self.signature_defs[signature].inputs)

    def predict(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        expected = self.inputs_of(signature)
        if set(inputs) != set(expected):
            sizes = f"{len(inputs)}!={len(expected)} len({{{','.join(inputs)}}})"
            raise RefusedError(Code.INVALID_ARGUMENT, f"input size does not match signature: {sizes}")
        self.batch_sizes.append(len(next(iter(inputs.values()))))
        given = {name: tf.constant(values) for name, values in inputs.items()}
        try:
            answer = self._model.signatures[signature](**given)
        except tf.errors.OpError as error:
            raise RefusedError(CODES[error.error_code], error.message) from error
        return {name: values.numpy() for name, values in answer.items()}


class GrpcServices(
    prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer
):
    """What the gRPC port answers."""

    def __init__(self, model: ServedModel) -> None:
        self.model = model

    def Predict(self, request, context):  # noqa: N802
        def answer():
            self._check(request.model_spec)
            signature = request.model_spec.signature_name or "serving_default"
            inputs = {name: tf.make_ndarray(values) for name, values in request.inputs.items()}
            response = predict_pb2.PredictResponse(model_spec=request.model_spec)
            for name, values in self.model.predict(signature, inputs).items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(values))
            return response

        return self._or_abort(answer, context)

    def GetModelMetadata(self, request, context):  # noqa: N802
        def answer():
            self._check(request.model_spec)
            return model_metadata(self.model)

        return self._or_abort(answer, context)

    def GetModelStatus(self, request, context):  # noqa: N802
        def answer():
            self._check(request.model_spec)
            return model_status(self.model)

        return self._or_abort(answer, context)

    def _check(self, spec) -> None:
        self.model.check(spec.name, spec.version.value if spec.HasField("version") else None)

    def _or_abort(self, answer, context):
        try:
            return answer()
        except RefusedError as refusal:
            message = str(refusal)
            whole = len(message) <= ERROR_BYTES
            context.abort(refusal.code, message if whole else f"{message[:ERROR_BYTES]}...TRUNCATED")


def model_status(model: ServedModel) -> get_model_status_pb2.GetModelStatusResponse:
    response = get_model_status_pb2.GetModelStatusResponse()
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    response.model_version_status.add(version=model.version, state=available)
    return response


def model_metadata(model: ServedModel) -> get_model_metadata_pb2.GetModelMetadataResponse:
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = model.name
    response.model_spec.version.value = model.version
    signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=model.signature_defs)
    response.metadata["signature_def"].Pack(signatures)
    return response


class RestPort(BaseHTTPRequestHandler):
    """What the REST port answers."""

    model: ServedModel
    PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?(?::(predict)|/(metadata))?$")

    def do_POST(self) -> None:
        self._reply(self._predict)

    def do_GET(self) -> None:
        self._reply(self._describe)

    def _describe(self) -> dict[str, object]:
        found = self._found("GET")
        message = model_metadata(self.model) if found[4] else model_status(self.model)
        return json.loads(json_format.MessageToJson(message, preserving_proto_field_name=True))

    def _predict(self) -> dict[str, object]:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._found("POST")
        try:
            request = json.loads(body)
        except ValueError as error:
            raise RefusedError(Code.INVALID_ARGUMENT, f"JSON Parse error: {error}") from error
        signature = request.get("signature_name", "serving_default")
        (name,) = self.model.inputs_of(signature)
        if "instances" not in request:
            raise RefusedError(Code.INVALID_ARGUMENT, "Missing 'inputs' or 'instances' key")
        if not request["instances"]:
            raise RefusedError(Code.INVALID_ARGUMENT, f"JSON Value: {request} No values in 'instances' array")
        values = [json_value(place, item, name) for place, item in enumerate(request["instances"])]
        is_bytes = isinstance(values[0], bytes)
        array = np.array(values, object) if is_bytes else np.array(values, np.uint8)
        outputs = self.model.predict(signature, {name: array})
        if len(outputs) == 1:
            return {"predictions": next(iter(outputs.values())).tolist()}
        rows = range(len(array))
        return {"predictions": [{name: outputs[name][row].tolist() for name in outputs} for row in rows]}

    def _found(self, method: str) -> re.Match[str]:
        found = self.PATH.match(self.path)
        if not found or bool(found[3]) != (method == "POST"):
            raise RefusedError(Code.INVALID_ARGUMENT, f"Malformed request: {method} {self.path}")
        self.model.check(found[1], int(found[2]) if found[2] else None)
        return found

    def _reply(self, answer) -> None:
        try:
            status, content = 200, answer()
        except RefusedError as refusal:
            status, content = HTTP_STATUS[refusal.code], {"error": str(refusal)}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def json_value(place: int, item: object, name: str) -> object:
    """One of `instances`: {"b64": ...}, a plain value, or either under the input's name."""
    if isinstance(item, dict) and set(item) == {name}:
        item = item[name]
    if not isinstance(item, dict):
        return item.encode() if isinstance(item, str) else item
    try:
        return base64.b64decode(item["b64"], validate=True)
    except (KeyError, TypeError, binascii.Error) as error:
        raise RefusedError(
            Code.INVALID_ARGUMENT,
            f"Failed to process element: {place} of 'instances' list. "
            "Error: INVALID_ARGUMENT: Unable to base64 decode",
        ) from error


class StandIn:
    """Both ports of a model, on this machine, until `stop`.

    Attributes:
        model: what is served.
        rest: URL of the REST port.
        grpc: address of the gRPC port.
    """

    def __init__(self, path: Path, name: str, loaded: object) -> None:
        self.model = ServedModel(path, name, loaded)
        services = GrpcServices(self.model)
        any_size = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._grpc = grpc.server(ThreadPoolExecutor(2), options=any_size)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(services, self._grpc)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(services, self._grpc)
        self.grpc = f"localhost:{self._grpc.add_insecure_port('localhost:0')}"
        self._grpc.start()
        handler = type("Handler", (RestPort,), {"model": self.model})
        self._http = ThreadingHTTPServer(("localhost", 0), handler)
        self.rest = f"http://localhost:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(None)
