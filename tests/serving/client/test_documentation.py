"""The commands and the code of docs/serving.md do against the stand-in what the page says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "serving.md"


def blocks(language: str, stand_in) -> list[str]:
    """Fenced blocks of the page, asked of the stand-in."""
    text = PAGE.read_text().replace("beauty", stand_in.model.name)
    text = text.replace("http://localhost:8501", stand_in.rest).replace("localhost:8500", stand_in.grpc)
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_lines(stand_in, good, score, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(good)
    answers = []
    for block in blocks("sh", stand_in):
        lines = subprocess.run(["bash", "-ec", block], cwd=tmp_path, capture_output=True, check=True).stdout
        decoder, rest = json.JSONDecoder(), lines.decode().strip()
        while rest:
            answer, end = decoder.raw_decode(rest)
            answers.append(answer)
            rest = rest[end:].strip()
    scores, degradations, status, metadata = answers
    assert scores["predictions"][0]["score"] == pytest.approx(float(score), rel=1e-5)
    assert set(scores["predictions"][0]) == {"score", "rating", "distribution"}
    assert len(degradations["predictions"][0]) == 22
    assert status["model_version_status"][0]["state"] == "AVAILABLE"
    assert "serving_default" in metadata["metadata"]["signature_def"]["signature_def"]


def test_python_blocks(stand_in, good, score, tmp_path, monkeypatch, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(good)
    (tmp_path / "photos" / "b.jpg").write_bytes(b"no photo")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks("python", stand_in):
        exec(block, names)
    one, two = capsys.readouterr().out.splitlines()
    assert one.startswith("photos/a.jpg ") and float(one.split()[1]) == pytest.approx(float(score), rel=1e-5)
    assert two.startswith("photos/b.jpg cannot decode: expected a whole JPEG")
    assert next(names["client"].ask([good])).values["score"] == pytest.approx(float(score), rel=1e-5)
    names["client"].close()
