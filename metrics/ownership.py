"""Whose files are in a folder: a list of those that our runs wrote, by their content.

What is not on the list, or was changed since, is the user's: it is neither replaced nor
removed. The list is a file of lines of JSON in the folder, which only grows while a run goes
on: a line is added before its file takes its place, so that no file of ours is unknown
however a run ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .errors import InputError
from .files import atomic_write, file_digest, reason, watching

LIST_NAME = "elpips-files.jsonl"
"""The name of the list."""

# What systems leave in folders that were looked at.
_LITTER = {"Thumbs.db", "desktop.ini"}
# These say themselves whose they are; who writes them looks.
_SELF_EVIDENT = {"checkpoint.pt", "checkpoint.previous.pt"}
_ADVICE = "move it away, or name another folder"

_active: list[Owned] = []


@dataclass
class Owned:
    """The files in a folder, at any depth, that our runs wrote.

    Attributes
    ----------
    folder
        Absolute.
    run
        The number of the run that writes now; a resumed run keeps its own.
    digests
        By name in the folder, in "/": what the file held each time that it was written.
    last
        By name, the run that wrote it last.
    written
        Names of what was written since the list was read.
    """

    folder: Path
    run: int = 0
    digests: dict[str, set[str]] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, folder: str | os.PathLike[str], *, resume: bool = True) -> Owned:
        """Read the list of a folder; without ``resume`` for a new run, with the next number.

        Lines that are no lines of a list, such as one that a kill has cut off, count as none.
        """
        found = cls(Path(os.path.abspath(folder)))
        for line in _lines(found.folder / LIST_NAME):
            found._note(*line)
        found.run = max(found.last.values(), default=0) + (not resume)
        return found

    def name_of(self, path: str | os.PathLike[str]) -> str | None:
        """Return the name in the list of a path; None for one elsewhere."""
        try:
            return Path(os.path.abspath(path)).relative_to(self.folder).as_posix()
        except ValueError:
            return None

    def owns(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file is as one of our runs wrote it."""
        known = self.digests.get(self.name_of(path) or "")
        try:
            if not known or os.path.islink(path) or not os.path.isfile(path):
                return False
            return file_digest(path) in known
        except OSError:
            return False

    def check(self, targets: Iterable[str]) -> None:
        """Raise `InputError` where something of the user's is in the place of a target.

        Targets are names in the folder; one that ends in "/" is a folder, in which all has to
        be ours.
        """
        for target in targets:
            path = self.folder / target
            if not target.endswith("/"):
                if os.path.lexists(path) and not self.owns(path):
                    raise InputError(f"{path}: no run here has written it; {_ADVICE}")
            elif os.path.lexists(path) and not path.is_dir():
                raise InputError(f"{path}: is no folder; {_ADVICE}")
            elif stranger := next(self._strangers(path), None):
                raise InputError(
                    f"{path}: holds {stranger.name}, which no run here has written; {_ADVICE}"
                )

    def record(self, path: str | os.PathLike[str], content: Path | None = None) -> None:
        """List a file, with what it holds or is about to (that of ``content``)."""
        name = self.name_of(path)
        if name is None or name == LIST_NAME:
            return
        digest = file_digest(path if content is None else content)
        line = json.dumps([self.run, name, digest]) + "\n"
        # In one call: a line is written whole, or cut off at the end.
        handle = os.open(self.folder / LIST_NAME, _APPEND, 0o666)
        try:
            os.write(handle, b"\n" * _torn(self.folder / LIST_NAME) + line.encode())
        finally:
            os.close(handle)
        self._note(self.run, name, digest)
        self.written.add(name)

    def admit(self, path: Path, temporary: Path) -> None:
        """List a file that is about to be written; raise `InputError` if it is not ours."""
        name = self.name_of(path)
        if name is None or name == LIST_NAME:
            return
        if os.path.lexists(path) and not self.owns(path):
            raise InputError(f"{path}: not written over: no run here has written it")
        self.record(path, temporary)

    def remove_earlier(self, renewed: Iterable[str] = ()) -> None:
        """Remove what runs before this one wrote and this one did not, where it is unchanged.

        Of the targets ``renewed`` (as of `check`), also what this run wrote only before it was
        resumed.
        """
        again = tuple(renewed)
        stale = [
            name
            for name, run in self.last.items()
            if run < self.run or (name not in self.written and _is_among(name, again))
        ]
        for name in stale:
            path = self.folder / name
            if self.owns(path):
                _remove(path, self.folder)
            del self.last[name], self.digests[name]
        if stale:
            self._compact()

    def _compact(self) -> None:
        lines = [
            json.dumps([self.last[name], name, digest]) + "\n"
            for name, digests in self.digests.items()
            for digest in sorted(digests)
        ]
        with atomic_write(self.folder / LIST_NAME) as temporary:
            temporary.write_text("".join(lines), "utf-8")

    def _note(self, run: int, name: str, digest: str) -> None:
        self.digests.setdefault(name, set()).add(digest)
        self.last[name] = max(run, self.last.get(name, 0))

    def _strangers(self, folder: Path) -> Iterator[Path]:
        for parent, folders, files in os.walk(folder, onerror=_raise):
            linked = [each for each in folders if os.path.islink(os.path.join(parent, each))]
            for name in sorted([*files, *linked]):
                path = Path(parent, name)
                passed = name.startswith(".") or name in _LITTER | _SELF_EVIDENT
                if not (passed or self.owns(path)):
                    yield path


_APPEND = os.O_CREAT | os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)


@contextmanager
def owning(owned: Owned) -> Iterator[Owned]:
    """Check and list all files written into a folder, within the block."""
    _active.append(owned)
    try:
        with watching(owned.admit):
            yield owned
    finally:
        _active.remove(owned)


def active_in(folder: str | os.PathLike[str]) -> Owned | None:
    """Return the files of the run that is writing into a folder, or None."""
    return next((each for each in reversed(_active) if each.name_of(folder) is not None), None)


@contextmanager
def owned_files(folder: str | os.PathLike[str]) -> Iterator[Owned]:
    """Give the list that a folder's files are on, and keep it, within the block.

    That of the run that writes there; else one in the folder above, or in the folder.
    """
    found = active_in(folder)
    if found is not None:
        yield found
        return
    above = Path(os.path.abspath(folder)).parent
    listed = (above / LIST_NAME).is_file()
    with owning(Owned.of(above if listed else folder)) as owned:
        yield owned


def check_inputs(
    folder: Path, targets: Sequence[str], inputs: Iterable[str | os.PathLike[str]]
) -> None:
    """Raise `InputError` where a file to be read is one of those to be written.

    Links are followed: of inputs, and of the folder and its targets.
    """
    places = {target: Path(os.path.realpath(folder / target)) for target in targets}
    for path in inputs:
        real = Path(os.path.realpath(path))
        for target, place in places.items():
            inside = target.endswith("/") and place in real.parents
            if real == place or inside:
                raise InputError(
                    f"{path}: is where the results go ({folder / target}); copy it to another "
                    "folder, or name another --outdir"
                )


def _lines(path: Path) -> Iterator[tuple[int, str, str]]:
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({reason(error)})") from error
    for line in text.split("\n"):
        try:
            run, name, digest = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            continue
        if type(run) is int and 0 <= run < 2**53 and _is_inside(name) and isinstance(digest, str):
            yield run, name, digest


def _is_inside(name: object) -> bool:
    return isinstance(name, str) and not (
        name.startswith("/") or "\0" in name or ".." in name.split("/")
    )


def _is_among(name: str, targets: Iterable[str]) -> bool:
    return any(name.startswith(each) if each.endswith("/") else name == each for each in targets)


def _torn(path: Path) -> bool:
    """Whether a file ends within a line."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _remove(path: Path, root: Path) -> None:
    """Remove a file, and the folders above it, within ``root``, that are empty then."""
    try:
        path.unlink()
        while (path := path.parent) != root:
            path.rmdir()
    except OSError:
        # In use, or not empty: it stays.
        pass


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
