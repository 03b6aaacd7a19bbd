"""Bytes of real photos over REST and gRPC: the right numbers, photo by photo errors, and the next request."""

from __future__ import annotations

import json
import re
import struct
import urllib.error
import urllib.request
import zlib
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, model_service_pb2_grpc, predict_pb2
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from aesthkeras.errors import UsageError
from aesthkeras.networks.request_pixels import MAX_PHOTOS
from aesthkeras.photos.sources import sample_photos
from aesthkeras.serving.client.asking import ServingError
from aesthkeras.serving.client.grpc import GrpcClient
from aesthkeras.serving.client.rest import RestClient

UNAVAILABLE, EXHAUSTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED


def hundred_megapixels() -> bytes:
    """A PNG of 10,000 x 10,000 white pixels: 12 KB that would unpack to 300 MB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    rows = zlib.compress(10_000 * (b"\0" + 1250 * b"\xff"), 9)
    header = struct.pack(">IIBBBBB", 10_000, 10_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BAD = {"text": b"not a photo at all", "empty": b"", "100 megapixels": hundred_megapixels()}


def test_real_photos_get_the_models_own_numbers(client, loaded_scorer):
    photos = [Path(path).read_bytes() for path in sample_photos()[:6]]
    for signature in ("features", "degradations", "serving_default"):
        expected = loaded_scorer.signatures[signature](image_bytes=tf.constant(photos))
        answers = list(client.ask(photos, signature))
        assert [answer.index for answer in answers] == list(range(6))
        for name, values in expected.items():
            got = np.stack([answer.values[name] for answer in answers])
            np.testing.assert_allclose(got, values, rtol=1e-4, atol=1e-4)


def test_bytes_of_any_kind_get_the_same_answer_over_both(client, good, score):
    given = [good, bytearray(good), memoryview(good)]
    answers = [*client.ask(given), *(next(client.ask(photo)) for photo in given)]
    assert [answer.index for answer in answers] == [0, 1, 2, 0, 0, 0]
    for answer in answers:
        np.testing.assert_allclose(answer.values["score"], score, rtol=1e-5)
    with pytest.raises(UsageError, match=r"^photos\[0\]='a.jpg': expected the bytes of a photo"):
        list(client.ask(["a.jpg"]))
    client.close()  # of the REST client too, so that one can stand in for the other


def test_bad_photos_are_named_and_the_others_answered(client, good, score):
    photos = [good, BAD["text"], good, good, BAD["empty"], good, BAD["100 megapixels"], good, good]
    answers = list(client.ask(photos))
    assert [answer.index for answer in answers] == list(range(9))
    assert [answer.index for answer in answers if answer.error] == [1, 4, 6]
    assert answers[1].error.startswith("cannot decode: expected a whole JPEG, PNG, GIF or BMP file")
    for answer in answers:
        if not answer.error:
            np.testing.assert_allclose(answer.values["score"], score, rtol=1e-5)


def test_bad_photos_alone(client):
    answers = list(client.ask(BAD.values()))
    assert [bool(answer.error) for answer in answers] == [True, True, True]
    assert all(not answer.values for answer in answers)


def test_no_photos_no_request(client, stand_in):
    stand_in.model.batch_sizes.clear()
    assert list(client.ask([])) == []
    assert stand_in.model.batch_sizes == []


def test_service_that_was_away_is_asked_again(client, stand_in, good):
    stand_in.model.refusals = [UNAVAILABLE, EXHAUSTED]
    (answer,) = client.ask([good])
    assert not answer.error
    assert stand_in.model.refusals == []


def test_service_that_stays_away_is_given_up_after_the_last_attempt(client, stand_in, good):
    stand_in.model.refusals = 4 * [UNAVAILABLE]
    with pytest.raises(ServingError, match="no answer after 3 attempts: .*for a test"):
        list(client.ask([good]))
    assert len(stand_in.model.refusals) == 1
    stand_in.model.refusals = []
    assert [answer.error for answer in client.ask([good])] == [""]


@pytest.mark.parametrize("code", [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND])
def test_other_refusals_are_not_tried_again(code, client, stand_in, good):
    stand_in.model.refusals = [code]
    with pytest.raises(ServingError, match="for a test"):
        list(client.ask([good]))
    assert stand_in.model.refusals == []


@pytest.mark.parametrize("kind", [RestClient, GrpcClient])
def test_wrong_names_are_said(kind, stand_in, good):
    address = stand_in.rest if kind is RestClient else stand_in.grpc
    with pytest.raises(ServingError, match=r"Servable not found for request: Latest\(large\)"):
        list(kind(address, "large").ask([good]))
    with pytest.raises(ServingError, match=r"Servable not found for request: Specific\(tiny, 7\)"):
        list(kind(address, "tiny", version=7).ask([good]))
    with pytest.raises(ServingError, match='signature key "scores" not found'):
        list(kind(address, "tiny", version=1).ask([good], "scores"))


def test_a_url_is_no_address_of_a_grpc_port():
    with pytest.raises(UsageError, match="^http://localhost:8500: expected the address of a gRPC port"):
        GrpcClient("http://localhost:8500", "tiny")


def post(stand_in, body: object) -> tuple[int, dict]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{stand_in.rest}/v1/models/tiny:predict", content) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize(
    "instances, message",
    [
        ([{"b64": "%%% not base64 %%%"}], "element: 0 of 'instances' list. .*Unable to base64 decode"),
        ([{"b64": "bm90IGEgcGhvdG8="}], r"cannot decode image 0 \(counted from 0\)"),
        (["plain text"], r"cannot decode image 0 \(counted from 0\)"),
        ([], "No values in 'instances' array"),
        (10_000 * [{"b64": "eA=="}], f"image_bytes holds 10000 photos: .*at most {MAX_PHOTOS}"),
    ],
)
def test_bad_rest_request_is_said_and_the_next_is_answered(instances, message, stand_in, client, good):
    status, answer = post(stand_in, {"instances": instances})
    assert status == 400
    assert re.search(message, answer["error"], re.DOTALL)
    assert [answer.error for answer in client.ask([good])] == [""]


def test_requests_that_no_client_of_ours_sends(stand_in):
    assert post(stand_in, b"{")[0] == 400
    status, answer = post(stand_in, {"signature_name": "features"})
    assert (status, answer["error"]) == (400, "Missing 'inputs' or 'instances' key")


@pytest.mark.parametrize(
    "photos, message",
    [
        ([], "image_bytes is empty"),
        (10_000 * [b"x"], "image_bytes holds 10000 photos"),
        (400 * [b"x"], r"cannot decode image 0, 1, 2, .*TRUNCATED"),
    ],
)
def test_bad_grpc_request_is_said_and_the_next_is_answered(photos, message, stand_in, client, good):
    with grpc.insecure_channel(stand_in.grpc) as channel:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "tiny"
        request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto(photos, tf.string, [len(photos)]))
        with pytest.raises(grpc.RpcError, match=message) as error:
            PredictionServiceStub(channel).Predict(request)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert [answer.error for answer in client.ask([good])] == [""]


def test_model_says_what_it_is(stand_in):
    with grpc.insecure_channel(stand_in.grpc) as channel:
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name = "tiny"
        response = PredictionServiceStub(channel).GetModelMetadata(request)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        assert {"serving_default", "features", "pixels", "degradations"} <= set(signatures.signature_def)
        status = GetModelStatusRequest()
        status.model_spec.name = "tiny"
        answer = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status)
        assert [version.version for version in answer.model_version_status] == [1]
