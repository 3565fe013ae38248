"""Files of checkpoints on disk: hashed, copied durably, checked."""

import os
from collections.abc import Iterator
from pathlib import Path

from arena.models.store import digest
from arena.registry.error import CorruptCheckpoint, RegistryError


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path there with slashes, in order.

    Raises:
        RegistryError: there is no such folder, or it holds a link or something else that is no file.
    """
    if not folder.is_dir():
        raise RegistryError(f"{folder} is no folder: expected one with the files of an adapter")
    return {str(path.relative_to(folder).as_posix()): digest(path) for path in _files(folder)}


def copy(source: Path, target: Path, files: dict[str, str]) -> None:
    """Copy `files` from one folder into a new one, durably.

    Raises:
        RegistryError: a file changed while it was copied.
    """
    target.mkdir()
    for name, expected in files.items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        write(place, (source / name).read_bytes())
        if digest(place) != expected:
            raise RegistryError(f"{source / name} changed while it was copied: wait until training has ended")
    for folder in sorted({(target / name).parent for name in files} | {target}):
        sync_folder(folder)


def check(folder: Path, files: dict[str, str], label: str) -> None:
    """See that a folder holds exactly `files` with these hashes.

    Raises:
        CorruptCheckpoint: it does not; the message names the first file that differs.
    """
    remedy = "restore it from a copy, or remove the checkpoint and train it again"
    try:
        found = hashes(folder)
    except RegistryError as error:
        raise CorruptCheckpoint(f"{label} is damaged: {error}; {remedy}") from error
    for name, expected in files.items():
        if name not in found:
            raise CorruptCheckpoint(f"{label} is damaged: {folder / name} is missing; {remedy}")
        if found[name] != expected:
            raise CorruptCheckpoint(
                f"{label} is damaged: {folder / name} is not the file that was added (SHA-256 "
                f"{found[name][:12]}…, expected {expected[:12]}…); {remedy}"
            )
    if extra := sorted(set(found) - set(files)):
        raise CorruptCheckpoint(
            f"{label} is damaged: {folder / extra[0]} was not there when it was added; remove that file"
        )


def write(path: Path, data: bytes) -> None:
    """Create a file, durably."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make files that were created, renamed or removed in a folder durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RegistryError(f"{path} is no plain file: an adapter holds files and folders alone")
        if path.is_file():
            yield path
