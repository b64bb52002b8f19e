"""One process holds a folder; a lock of a process that is gone is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from elpips.metrics import claims
from elpips.metrics.claims import LOCK_NAME, claim, command_scope, lock
from elpips.metrics.errors import InputError
from elpips.metrics.files import atomic_write

HOLD = (
    "import fcntl, os, sys, time; handle = os.open(sys.argv[1], os.O_RDONLY);"
    "fcntl.flock(handle, fcntl.LOCK_EX); print(flush=True); time.sleep(60)"
)


@pytest.mark.skipif(os.name != "posix", reason="locks of POSIX systems")
def test_a_folder_is_held_against_other_processes_and_a_kill_frees_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(InputError, match="another run is writing there") as caught:
            with lock(tmp_path):
                pass
        other.kill()
    assert "\n" not in str(caught.value) and list(tmp_path.iterdir()) == []
    with lock(tmp_path):
        pass


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_system_lock", lambda folder: None)


def test_without_locks_of_the_system_a_file_holds(tmp_path: Path, without_locks) -> None:
    with lock(tmp_path):
        with pytest.raises(InputError, match=f"process {os.getpid()} .* is writing there"):
            with lock(tmp_path):
                pass
    assert list(tmp_path.iterdir()) == []


def test_files_of_dead_processes_hold_nothing(tmp_path: Path, without_locks) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    (tmp_path / LOCK_NAME).write_text(f"{process.pid} {socket.gethostname()}")
    with lock(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("holder", ["1 another.machine", "", "nonsense", "9" * 50 + " elsewhere"])
def test_of_other_holders_nothing_is_known(tmp_path: Path, without_locks, holder: str) -> None:
    (tmp_path / LOCK_NAME).write_text(holder)
    with pytest.raises(InputError, match=LOCK_NAME), lock(tmp_path):
        pass
    assert (tmp_path / LOCK_NAME).read_text() == holder


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path, without_locks) -> None:
    (tmp_path / LOCK_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError), lock(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_claims_last_as_long_as_the_command(tmp_path: Path) -> None:
    (tmp_path / "users.png").touch()
    (tmp_path / "inner").mkdir()
    with command_scope():
        owned = claim(tmp_path)
        assert claim(tmp_path) is owned and claim(tmp_path / "inner") is owned
        for name in ("ours.png", "inner/ours.png"):
            with atomic_write(tmp_path / name) as temporary:
                temporary.touch()
        with pytest.raises(InputError, match="not written over"):
            with atomic_write(tmp_path / "users.png") as temporary:
                temporary.touch()
    assert set(owned.digests) == {"ours.png", "inner/ours.png"}
    with atomic_write(tmp_path / "users.png") as temporary:
        temporary.write_text("no command, no claim")
    with command_scope():
        assert claim(tmp_path) is not owned
