"""``run.toml``: what a run is and what it was made with; written once, never a key in it."""

import platform
import re
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from arena.events import FORMAT
from arena.replay import disk, toml
from arena.replay.error import NewerFormat, ReplayError

_DISTRIBUTIONS = ("chess", "gymnasium", "msgspec", "numpy", "openai", "pettingzoo", "scipy", "zstandard")
_SECRET_NAME = re.compile(r"(?i)(^|[_-])(api[_-]?key|key|token|secret|password|authorization)$")
_SECRET_URL = re.compile(r"://[^/\s@]*:[^/\s@]+@")


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked to do, as resolved from flags, environment and files."""

    command: str = ""
    """The command that made the run, such as "tournament"."""
    seed: int = 0
    settings: dict[str, Any] = {}
    """Everything else that a person would need to run it again; TOML values, None left out."""


class Manifest(RunSettings, frozen=True, kw_only=True):
    """The settings of a run and what they were run with."""

    name: str
    created: int
    """Unix seconds."""
    format: int = FORMAT
    versions: dict[str, str] = {}
    """Of arena, python and the libraries that decide what a replay holds."""
    commit: str = ""
    """The arena's git commit; empty when it runs from no checkout."""
    dirty: bool = False
    """True when the checkout differs from its commit."""


def manifest_path(folder: Path) -> Path:
    """Where the manifest of a run lies; a folder that has one is a run."""
    return folder / "run.toml"


def describe(name: str, settings: RunSettings) -> Manifest:
    """The manifest of a new run.

    Raises:
        ReplayError: the settings hold what looks like a secret.
    """
    for place, why in _secrets(settings.settings, ""):
        raise ReplayError(
            f"setting {place} {why}, and replays are shared: name an environment variable instead"
        )
    commit, dirty = _git()
    return Manifest(
        command=settings.command,
        seed=settings.seed,
        settings=settings.settings,
        name=name,
        created=int(time.time()),
        versions=_versions(),
        commit=commit,
        dirty=dirty,
    )


def write(folder: Path, manifest: Manifest) -> None:
    """Store a manifest.

    Raises:
        ReplayError: the disk refused, or a setting has no form in TOML.
    """
    table = msgspec.structs.asdict(manifest)
    tables = {key: table.pop(key) for key in ("settings", "versions")}
    try:
        text = toml.dumps(table | tables)
    except TypeError as error:
        raise ReplayError(
            f"{manifest_path(folder)}: {error}; give text, numbers, lists and tables"
        ) from error
    disk.write_whole(manifest_path(folder), text.encode())


def read(folder: Path) -> Manifest:
    """The manifest of a run.

    Raises:
        NewerFormat: a newer arena wrote the run.
        ReplayError: the folder is no run, or its ``run.toml`` is damaged.
    """
    path = manifest_path(folder)
    try:
        with path.open("rb") as file:
            manifest = msgspec.convert(tomllib.load(file), Manifest)
    except FileNotFoundError:
        raise ReplayError(f"{folder} is no run: it has no run.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ReplayError(f"{path}: {error}; mend it by hand or take it from another run") from error
    if manifest.format > FORMAT:
        raise NewerFormat(
            f"{folder} is of format {manifest.format}, this arena reads up to {FORMAT}: upgrade it"
        )
    return manifest


def _secrets(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if isinstance(one, str) and one and _SECRET_NAME.search(str(key)):
                yield f"{place}{key}", "looks like a secret"
            yield from _secrets(one, f"{place}{key}.")
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets(one, place)
    elif isinstance(value, str) and _SECRET_URL.search(value):
        yield place.rstrip("."), "holds a password in an address"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for label, distribution in {"arena": "selfplay-arena", **{one: one for one in _DISTRIBUTIONS}}.items():
        try:
            found[label] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue  # not installed: it decided nothing
    return found


def _git() -> tuple[str, bool]:
    here = Path(__file__).resolve().parent
    # an arena installed inside somebody else's checkout must not be given their commit
    if not _git_output(here, "ls-files", Path(__file__).name):
        return "", False
    commit = _git_output(here, "rev-parse", "HEAD")
    return commit, bool(_git_output(here, "status", "--porcelain", "--untracked-files=no"))


def _git_output(folder: Path, *arguments: str) -> str:
    """What git prints; empty when there is no git, no checkout or no answer."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
