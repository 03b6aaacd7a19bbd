"""A client over REST: Python's standard library and NumPy, no TensorFlow.

The format is TF Serving's: https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.serving.client.asking import (
    DEFAULT_LIMITS,
    Limits,
    PhotoClient,
    RequestRefusedError,
    ServiceUnavailableError,
    ServingError,
)

# Where a signature has one output, REST leaves its name out.
ONLY_OUTPUT = {"serving_default": "score", "degradations": "probabilities"}
# too many requests, bad gateway, unavailable, gateway timeout
RETRIED_STATUS = (429, 502, 503, 504)
BAD_REQUEST = 400


class RestClient(PhotoClient):
    """Asks a model behind TF Serving's REST port; photos travel as base64.

    Args:
        url: `http://HOST:8501` or `https://...`, with any path before `/v1/models`.
        model: the name it is served under.
        version: which of its versions; None for the one that the service takes.
        limits: how much goes into a request, and how often it is tried.

    Raises:
        UsageError: another kind of URL.
    """

    def __init__(
        self, url: str, model: str, *, version: int | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url}: expected the URL of a REST port, http://HOST:PORT or https://...")
        which = "" if version is None else f"/versions/{version}"
        super().__init__(f"{url.rstrip('/')}/v1/models/{urllib.parse.quote(model)}{which}", limits)

    def send(self, photos: Sequence[bytes], signature: str) -> list[dict[str, np.ndarray]]:
        """As `PhotoClient.send`."""
        instances = [{"b64": base64.b64encode(photo).decode("ascii")} for photo in photos]
        body = json.dumps({"signature_name": signature, "instances": instances}).encode()
        request = urllib.request.Request(
            f"{self.address}:predict", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.limits.timeout) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise self._failure(error.code, error.read()) from error
        except (OSError, http.client.HTTPException) as error:
            raise ServiceUnavailableError(str(getattr(error, "reason", error)) or repr(error)) from error
        try:
            return [_by_name(row, signature) for row in json.loads(answer)["predictions"]]
        except (ValueError, KeyError, TypeError) as error:
            found = answer[:80]
            raise ServingError(f"{self.address}: expected JSON with predictions, got {found!r}") from error

    def _failure(self, status: int, body: bytes) -> Exception:
        try:
            message = str(json.loads(body)["error"])
        except (ValueError, KeyError, TypeError):  # a proxy's page, perhaps
            message = body[:200].decode(errors="replace")
        text = f"HTTP {status}: {message}"
        if status in RETRIED_STATUS:
            return ServiceUnavailableError(text)
        return RequestRefusedError(text) if status == BAD_REQUEST else ServingError(f"{self.address}: {text}")


def _by_name(row: Any, signature: str) -> dict[str, np.ndarray]:
    outputs = row if isinstance(row, dict) else {ONLY_OUTPUT.get(signature, signature): row}
    return {name: np.asarray(values, np.float32)[()] for name, values in outputs.items()}
