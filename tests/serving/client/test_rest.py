"""What a REST client makes of answers that are none of TF Serving's: proxies, silence, other programs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.serving.client.asking import Limits, ServingError
from aesthkeras.serving.client.rest import RestClient

LIMITS = Limits(attempts=2, first_wait=0.001, timeout=0.2)


class Service:
    """Gives the answers it was told, in turn.

    Attributes:
        answers: status and body of the answers to come; None is silence.
        requests: path and body of what was asked.
        url: where it listens.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes] | None] = []
        self.requests: list[tuple[str, dict]] = []
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("localhost", 0), self._handler())
        self.url = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.requests.append((self.path, json.loads(body)))
                answer = service.answers.pop(0)
                if answer is None:
                    service._stopped.wait(10)
                    return
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.end_headers()
                self.wfile.write(answer[1])

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


SCORES = (200, b'{"predictions": [0.25, 0.5]}')


def test_request_is_that_of_the_documentation(service):
    service.answers = [SCORES]
    answers = list(RestClient(f"{service.url}/path/", "a model", version=3).ask([b"\x00\xff", b""]))
    assert [answer.values["score"] for answer in answers] == [0.25, 0.5]
    path, body = service.requests[0]
    assert path == "/path/v1/models/a%20model/versions/3:predict"
    assert body == {"signature_name": "serving_default", "instances": [{"b64": "AP8="}, {"b64": ""}]}


@pytest.mark.parametrize("first", [None, (502, b"<html>bad gateway</html>"), (429, b'{"error": "busy"}')])
def test_passing_trouble_is_overcome(first, service):
    service.answers = [first, SCORES]
    answers = list(RestClient(service.url, "tiny", limits=LIMITS).ask([b"x", b"y"]))
    assert [answer.error for answer in answers] == ["", ""]


@pytest.mark.parametrize(
    "answers, message",
    [
        ([None, None], "no answer after 2 attempts: .*timed out"),
        ([(503, b"<html>down</html>")] * 2, "no answer after 2 attempts: HTTP 503: <html>down</html>"),
        ([(500, b'{"error": "out of memory"}')], "HTTP 500: out of memory"),
        ([(401, b"")], "HTTP 401"),
        ([(200, b"<html>a login page</html>")], "expected JSON with predictions, got b'<html>a login"),
        ([(200, b'{"outputs": [1, 2]}')], "expected JSON with predictions"),
        ([(200, b'{"predictions": [["a"], ["b"]]}')], "expected JSON with predictions"),
        ([(200, b'{"predictions": [0.5]}')], "1 answer for 2 photos"),
    ],
)
def test_lasting_trouble_is_said(answers, message, service):
    service.answers = list(answers)
    with pytest.raises(ServingError, match=message):
        list(RestClient(service.url, "tiny", limits=LIMITS).ask([b"x", b"y"]))
    assert service.answers == []


def test_nobody_listens():
    with pytest.raises(ServingError, match="no answer after 2 attempts: .*[Rr]efused"):
        list(RestClient("http://localhost:1", "tiny", limits=LIMITS).ask([b"x"]))


def test_other_urls_are_refused():
    with pytest.raises(UsageError, match="localhost:8501: expected the URL of a REST port"):
        RestClient("localhost:8501", "tiny")
