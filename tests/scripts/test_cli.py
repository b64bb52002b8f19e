from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from elpips.geometry.checkpoint import CheckpointError
from elpips.metrics import InputError
from elpips.metrics.weights import WeightsError
from elpips.scripts.cli import main
from elpips.scripts.command_tree import ELPIPS, Command
from elpips.scripts.commands import weights

ROOT = Path(__file__).resolve().parents[2]


def commands(command: Command = ELPIPS, *names: str) -> Iterator[list[str]]:
    """Yield the names of every command that can be called."""
    if command.target:
        yield list(names)
    for name, child in command.commands.items():
        yield from commands(child, *names, name)


COMMANDS = list(commands())


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def in_process(*arguments: str, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "elpips", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **options)


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--help")
    assert code == 0
    assert not err
    for command in COMMANDS:
        assert f"  {command[0]} " in out


def test_help_does_not_wait_for_torch() -> None:
    program = (
        "import sys; from elpips.scripts.cli import main; code = main(['--help']);"
        "sys.exit(code or 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    code, out, err = run(capsys, *command, "--help")
    assert code == 0
    assert not err
    assert f"usage: elpips {' '.join(command)}" in " ".join(out.split())


@pytest.mark.parametrize("group", sorted({names[0] for names in COMMANDS if len(names) > 1}))
def test_groups_have_help(capsys: pytest.CaptureFixture[str], group: str) -> None:
    code, out, _ = run(capsys, group, "--help")
    assert code == 0
    assert f"usage: elpips {group}" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.startswith("elpips")


@pytest.mark.parametrize("arguments", [[], ["figure"]], ids=["elpips", "figure"])
def test_without_a_command_help_is_an_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert "commands:" in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["barycentre"], "there is no command 'elpips barycentre'; did you mean barycenter?"),
        (["--verbose"], "there is no command 'elpips --verbose'; "),
        (["weights", "fetsh"], "there is no command 'elpips weights fetsh'; did you mean fetch?"),
        (["xyz"], "there is no command 'elpips xyz'; see elpips --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_unknown_commands(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert err.startswith(f"elpips: error: {expected}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["distance", "a.png"], ["distance", "a", "b", "--seed", "x"]]
)
def test_wrong_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert "elpips distance --help" in err


FAILURES = [
    (InputError("a.png: no such file"), "a.png: no such file"),
    (WeightsError("two\nlines"), "two lines"),
    (CheckpointError("c.pt: damaged"), "c.pt: damaged"),
    (OSError(errno.ENOSPC, "No space left on device", "o.png"), "o.png: No space left on device"),
    (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    (MemoryError(), "the memory does not suffice; a smaller --size"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), "the memory does not"),
    (RuntimeError("DefaultCPUAllocator: not enough memory: 9 bytes"), "the memory does not"),
    (torch.OutOfMemoryError("CUDA out of memory."), "the GPU's memory does not suffice"),
    (RuntimeError("PytorchStreamWriter failed writing file"), "a checkpoint cannot be written"),
    (RecursionError("maximum recursion depth"), "a file is nested too deeply to be read"),
]


@pytest.mark.parametrize(
    ("error", "expected"), FAILURES, ids=[type(error).__name__ for error, _ in FAILURES]
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    expected: str,
) -> None:
    monkeypatch.setattr(weights, "inventory", raising(error))
    code, out, err = run(capsys, "weights")
    assert code == 2
    assert not out
    assert err.startswith(f"elpips: error: {expected}")
    assert err.count("\n") == 1


def test_interruption(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "inventory", raising(KeyboardInterrupt()))
    assert run(capsys, "weights") == (130, "", "elpips: interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_signals_end_a_command_as_ctrl_c_does(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    # Whoever started the tests may ignore some, as nohup does.
    kinds = {signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    before = {each: signal.signal(each, handler) for each, handler in kinds.items()}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.setattr(weights, "inventory", lambda: signal.raise_signal(number))
    try:
        assert run(capsys, "weights") == (code, "", "elpips: interrupted\n")
    finally:
        after = signal.getsignal(signal.SIGTERM)
        for each, handler in before.items():
            signal.signal(each, handler)
    assert after is signal.SIG_DFL


def test_signals_that_are_ignored_stay_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def inventory() -> list[object]:
        signal.raise_signal(signal.SIGTERM)
        return []

    monkeypatch.setattr(weights, "inventory", inventory)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert run(capsys, "weights", "--json")[0] == 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_without_standard_streams(closed: str, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    program = (
        "import os, sys; from elpips.scripts.cli import main; code = main(['--help']);"
        "handle = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY); sys.exit(code or handle < 3)"
    )
    shell = f'"$0" -c "$1" "$2" {closed}'
    command = ["sh", "-c", shell, sys.executable, program, str(opened)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and opened.exists()


def test_numbers_are_looked_at_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = run(capsys, "demo", "--seed", "-1", "--outdir", str(tmp_path / "out"))
    assert code == 2 and err.startswith("elpips: error: seed: found -1, expected an integer")
    assert not (tmp_path / "out").exists()


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "inventory", raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        main(["weights"])


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def test_warnings_are_lines_on_standard_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("elpips")

    def warn() -> list[object]:
        logger.warning("runs on\na stand-in")
        logger.info("not for everyone")
        return []

    handlers = list(logger.handlers)
    monkeypatch.setattr(weights, "inventory", warn)
    code, out, err = run(capsys, "weights", "--json")
    assert (code, out, err) == (0, "[]\n", "elpips: runs on a stand-in\n")
    assert logger.handlers == handlers


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    with in_process("--help", stdout=write) as process:
        os.close(write)
        _, err = process.communicate()
    assert (process.returncode, err) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_full_disk() -> None:
    with open("/dev/full", "w") as full, in_process("--help", stdout=full) as process:
        _, err = process.communicate()
    assert (process.returncode, err) == (2, "elpips: error: No space left on device\n")
