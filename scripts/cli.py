"""The ``elpips`` command: which subcommand runs, and what the user sees when it fails.

Subcommands are imported when they are asked for: PyTorch alone takes seconds.
"""

from __future__ import annotations

import difflib
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import TYPE_CHECKING

from .command_tree import ELPIPS, Command
from .parsing import completed, implementation_of

if TYPE_CHECKING:
    from ..geometry.ranks import Ranks

# What torchrun tells the processes that it starts.
_TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_INTERRUPTED = 130
_BROKEN_PIPE = 141
# Of a process that a signal ends, the exit code is this and the signal's number.
_BY_SIGNAL = 128
_SIGNALS = [getattr(signal, each) for each in ("SIGTERM", "SIGHUP") if hasattr(signal, each)]
# What PyTorch's allocators say on the CPU, on Linux and elsewhere.
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory")


class _UnknownCommandError(Exception):
    """A command that does not exist."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``elpips`` command.

    Parameters
    ----------
    argv
        The arguments; by default those of the process.

    Returns
    -------
    int
        The exit code: 0; 1 where a check failed, or a result could not be written; 2 for what
        the user can mend, said in one line on standard error; 130 after Ctrl-C, 143 after
        SIGTERM and 129 after SIGHUP, which end a run as Ctrl-C does.
    """
    _open_standard_streams()
    with _signals_as_interruptions() as received:
        code = _main(list(sys.argv[1:] if argv is None else argv))
    return _BY_SIGNAL + received[0] if received and code == _INTERRUPTED else code


def _main(arguments: list[str]) -> int:
    """Run the command, and say in one line what goes wrong."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name that is no text shall not lose the results of a long run.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with _log_on_stderr(), _ranks() as others:
            code = others.serve() if others else _run("elpips", ELPIPS, arguments)
        # Here, where what goes wrong can still be said.
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        line, code = "interrupted", _INTERRUPTED
    except BrokenPipeError:
        line, code = "", _BROKEN_PIPE
    except Exception as error:
        reason = explain(error)
        if reason is None:
            raise
        line, code = f"error: {reason}", 2
    _flush_or_discard_output()
    if line:
        print(f"elpips: {line}", file=sys.stderr)
    return code


@contextmanager
def _ranks() -> Iterator[Ranks | None]:
    """Join the processes that torchrun has started; yield them where rank 0 runs the command."""
    if not all(name in os.environ for name in _TORCHRUN) or os.environ["WORLD_SIZE"] == "1":
        yield None
        return
    from ..geometry.ranks import joined

    with joined() as ranks:
        yield ranks if ranks.rank else None


def _run(name: str, command: Command, arguments: Sequence[str]) -> int:
    """Run a command or the subcommand of it that the arguments begin with."""
    if command.target:
        return _call(name, command.target, arguments)
    first = arguments[0] if arguments else None
    if first in ("-h", "--help"):
        print(_help(name, command))
        return 0
    if first == "--version" and command is ELPIPS:
        print(_version())
        return 0
    if command.default and (first is None or first.startswith("-")):
        return _run(f"{name} {command.default}", command.commands[command.default], arguments)
    if first is None:
        print(_help(name, command), file=sys.stderr)
        return 2
    if first not in command.commands:
        close = difflib.get_close_matches(first, command.commands, 1)
        advice = f"did you mean {close[0]}?" if close else f"see {name} --help"
        raise _UnknownCommandError(f"there is no command '{name} {first}'; {advice}")
    return _run(f"{name} {first}", command.commands[first], arguments[1:])


def _call(name: str, target: str, arguments: Sequence[str]) -> int:
    """Import a command's function and call it with the arguments; return the exit code."""
    implementation = implementation_of(target)
    import tyro

    from ..metrics import keep_freed_memory
    from ..metrics.checks import checked
    from ..metrics.claims import command_scope
    from ..optim import chosen_threads

    keep_freed_memory()
    try:
        # Over all of a command: what follows the steps is best on as many threads.
        with command_scope(), chosen_threads():
            code = tyro.cli(checked(implementation), prog=name, args=completed(arguments))
    except SystemExit as stop:
        # tyro's, after it has printed help or what is wrong with the arguments.
        code = stop.code
    return code if isinstance(code, int) else 0


def _help(name: str, command: Command) -> str:
    width = max(map(len, command.commands))
    lines = [f"  {each:{width}}  {about.summary}" for each, about in command.commands.items()]
    usage = f"[{'|'.join(command.commands)}]" if command.default else "COMMAND"
    summary = command.summary[0].upper() + command.summary[1:].removesuffix(".")
    return "\n".join(
        [
            f"usage: {name} {usage} ...",
            f"\n{summary}.\n\ncommands:",
            *lines,
            f"\n`{name} COMMAND --help` explains a command.",
            *(["`elpips --version` prints the version."] if command is ELPIPS else []),
        ]
    )


def _version() -> str:
    try:
        return f"elpips {version('elpips-geometry')}"
    except PackageNotFoundError:
        return "elpips, not installed as a package"


def explain(error: Exception) -> str | None:
    """Return one line on an error that the user can mend; None for any other."""
    message = " ".join(str(error).splitlines())
    if isinstance(error, _UnknownCommandError) or _is_input_error(error):
        return message
    if isinstance(error, OSError):
        reason = error.strerror or message or type(error).__name__
        return reason if error.filename is None else f"{error.filename}: {reason}"
    torch = sys.modules.get("torch")
    on_gpu = torch is not None and isinstance(error, torch.OutOfMemoryError)
    on_cpu = isinstance(error, RuntimeError) and any(each in message for each in _OUT_OF_MEMORY)
    if on_gpu or on_cpu or isinstance(error, MemoryError):
        where = "the GPU's memory" if on_gpu else "the memory"
        return f"{where} does not suffice; a smaller --size or fewer images need less"
    if isinstance(error, RuntimeError) and "PytorchStreamWriter failed" in message:
        return "a checkpoint cannot be written; is the disk full?"
    if isinstance(error, RecursionError):
        return "a file is nested too deeply to be read"
    return None


def _is_input_error(error: Exception) -> bool:
    """Whether it is the project's own; a module not yet imported cannot have raised it."""
    errors = sys.modules.get("elpips.metrics.errors")
    return errors is not None and isinstance(error, errors.InputError)


@contextmanager
def _log_on_stderr() -> Iterator[None]:
    """Show warnings of the ``elpips`` logger, each on a line."""
    logger, handler = logging.getLogger("elpips"), _LineHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _LineHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print("elpips:", *record.getMessage().splitlines(), file=sys.stderr)


def _open_standard_streams() -> None:
    """Have standard streams, if to nowhere: of a shell's ``>&-`` Python makes None.

    Their numbers are taken first, lest a file of ours gets one, and with it what libraries say.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))


@contextmanager
def _signals_as_interruptions() -> Iterator[list[int]]:
    """Treat signals that ask a process to end as Ctrl-C; yield the list of those that came.

    Those that are ignored or handled already, as under nohup, are left so.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    handled = []
    if threading.current_thread() is threading.main_thread():
        handled = [each for each in _SIGNALS if signal.getsignal(each) is signal.SIG_DFL]
    for each in handled:
        signal.signal(each, interrupt)
    try:
        yield received
    finally:
        for each in handled:
            signal.signal(each, signal.SIG_DFL)


def _flush_or_discard_output() -> None:
    """Keep Python from complaining at exit about output that nobody can take."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
