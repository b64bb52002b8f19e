from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from elpips.media import source
from elpips.media.source import check_regular, read_source
from elpips.metrics.errors import InputError


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = b"x" * 300_000
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert read_source(pipe) == content
    writer.join()


def test_a_pipe_without_a_writer_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(source, "_NO_WRITER", 0.05)
    with pytest.raises(InputError, match="pipe: is a pipe with nothing in it; expected an image"):
        read_source(tmp_path / "pipe")


def test_a_silent_writer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_SILENCE", 0.0)
    reading, writing = os.pipe()
    try:
        with pytest.raises(InputError, match="its writer is silent"):
            read_source(f"/dev/fd/{reading}")
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_devices_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: is a device; expected an image file"):
        read_source(name)


def test_no_more_than_the_bound_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "large").write_bytes(bytes(11))
    monkeypatch.setattr(source, "_MOST_BYTES", 10)
    with pytest.raises(InputError, match="large: has 11 bytes; expected at most 10"):
        read_source(tmp_path / "large")


def test_bad_names_are_one_line(tmp_path: Path) -> None:
    for name in ("missing", "x" * 300, "nul\0"):
        with pytest.raises(InputError) as caught:
            read_source(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="is no file; expected frames"):
        check_regular(tmp_path, "frames")
