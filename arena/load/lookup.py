"""Where games and agents are: files, ``games/`` and ``agents/``, entry points, installed modules."""

import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from os.path import expanduser
from pathlib import Path
from types import ModuleType
from typing import Any

from arena.agent import Agent
from arena.game import Game
from arena.load.modules import ROOT, Entry, Glimpse, entries, glimpse, import_file, import_named, source_of
from arena.load.origin import check_origin
from arena.settings.values import closest
from arena.specs import LoadError, is_path, place


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of a list of games or agents."""

    name: str
    where: str
    """A file of this project, a distribution with its entry point, or "settings"."""
    summary: str = ""
    error: str = ""
    """Why it cannot be loaded; empty when nothing is known against it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Games or agents."""

    word: str
    """What a module calls its class."""
    base: type
    folder: Path
    group: str
    """The group of entry points."""


GAMES = Kind("game", Game, ROOT / "games", "arena.games")
AGENTS = Kind("agent", Agent, ROOT / "agents", "arena.agents")


@cache
def _check_origin_once() -> None:
    check_origin()


def find(kind: Kind, name: str, aliases: tuple[str, ...]) -> type[Any]:
    """The class that `name` means; `aliases` are only offered when there is none."""
    _check_origin_once()
    if is_path(name):
        return _from_file(kind, name)
    if _own(kind, name):
        return _class(kind, import_named(f"{kind.folder.name}.{name}", repr(name)), kind.word, name)
    found = [entry for entry in _foreign(kind) if entry.name == name]
    if len(found) > 1:
        raise LoadError(f"{name!r} is ambiguous: {_choices(found)}; write one of them as module:Class.")
    if found:
        return _from_module(kind, found[0].module, found[0].attribute, f"{name} of {found[0].distribution}")
    module, colon, attribute = name.partition(":")
    if colon and all(part.isidentifier() for part in module.split(".")):
        return _from_module(kind, module, attribute, name)
    names = [*(row.name for row in listed(kind, False)), *aliases]
    raise LoadError(
        f"there is no {kind.word} called {name!r}{closest(name, names)}\nThere are: {', '.join(names)}\n"
        f"A file is written ./file.py:Class, an installed class module:Class."
    )


def _own(kind: Kind, name: str) -> tuple[Path, Glimpse] | None:
    """A module of `games/` or `agents/`; None when it is missing or holds no game or agent."""
    if not name.isidentifier() or name.startswith("_"):
        return None
    choices = (kind.folder / f"{name}.py", kind.folder / name / "__init__.py")
    file = next((file for file in choices if file.is_file()), None)
    if file is None:
        return None
    seen = glimpse(file)
    return (file, seen) if seen.may_bind(kind.word) else None


def _foreign(kind: Kind) -> Iterator[Entry]:
    """Entry points of other distributions; our own say what the folder says already."""
    return (entry for entry in entries(kind.group) if entry.module.split(".")[0] != kind.folder.name)


def _from_module(kind: Kind, module: str, attribute: str, label: str) -> type[Any]:
    return _class(kind, import_named(module, repr(label)), attribute or kind.word, label)


def _from_file(kind: Kind, name: str) -> type[Any]:
    file, attribute = place(name)
    path = Path(expanduser(file))
    if not path.is_file():
        first, _, rest = name.partition("/")
        hint = f"; as a target, write {first},target={rest}" if _own(kind, first) else ""
        raise LoadError(f"there is no file {file!r} (seen from {Path.cwd()}){hint}.")
    if path.suffix != ".py":
        raise LoadError(f"{file!r} is no Python file; expected a name that ends with .py")
    return _class(kind, import_file(path, repr(file)), attribute or kind.word, file)


def _class(kind: Kind, module: ModuleType, attribute: str, label: str) -> type[Any]:
    """What `attribute` of `module` names, if it is a complete frozen dataclass of the kind."""
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise LoadError(_absent(kind, module, attribute, label))
        found = getattr(found, part)
    base = f"arena.{kind.word}.{kind.base.__name__}"
    if isinstance(found, kind.base):
        raise LoadError(f"{label}: {attribute} is an instance; write {attribute} = {type(found).__name__}")
    if not isinstance(found, type) or not issubclass(found, kind.base):
        what = f"class {found.__name__}" if isinstance(found, type) else f"of type {type(found).__name__}"
        raise LoadError(f"{label}: {attribute} is {what}; expected a subclass of {base}.")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise LoadError(f"{label}: {found.__name__} lacks what every {kind.word} defines: {missing}.")
    # A class inherits the parameters of its base, but without its own decorator its fields are no options.
    parameters: Any = vars(found).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise LoadError(f"{label}: write @dataclass(frozen=True) above class {found.__name__}.")
    return found


def _absent(kind: Kind, module: ModuleType, attribute: str, label: str) -> str:
    classes = [value for value in vars(module).values() if isinstance(value, type)]
    own = [
        cls.__name__ for cls in classes if cls.__module__ == module.__name__ and issubclass(cls, kind.base)
    ]
    if attribute != kind.word:
        return f"{label} has no {attribute!r}{closest(attribute, own)}"
    if own:
        return f"{label} has no {kind.word!r}: end it with the line {kind.word} = {own[-1]}"
    return f"{label} has no {kind.word!r}, and no subclass of arena.{kind.word}.{kind.base.__name__} to name."


def listed(kind: Kind, thorough: bool) -> Iterator[Listing]:
    _check_origin_once()
    names = sorted(info.name for info in pkgutil.iter_modules([str(kind.folder)]))
    rows = [_own_row(name, *own) for name in names if (own := _own(kind, name))]
    rows += _foreign_rows(kind, {row.name for row in rows})
    for row in rows:
        if thorough and not row.error:
            try:
                find(kind, row.name, ())
            except LoadError as error:
                row = replace(row, error=str(error).partition("\n")[0])
        yield row


def _own_row(name: str, file: Path, seen: Glimpse) -> Listing:
    return Listing(name, str(file.relative_to(ROOT)), seen.summary, seen.error)


def _foreign_rows(kind: Kind, own: set[str]) -> Iterator[Listing]:
    found = list(_foreign(kind))
    for entry in found:
        file = source_of(entry.module)
        seen = glimpse(file) if file else None
        error = seen.error if seen else f"the module {entry.module!r} is not installed"
        attribute = entry.attribute.partition(".")[0] or kind.word
        same = [other for other in found if other.name == entry.name]
        if seen and not error and not seen.may_bind(attribute):
            error = f"{entry.module} has no {attribute!r}"
        elif entry.name in own:
            error = f"hidden by our own {entry.name!r}; write {entry.module}:{attribute}"
        elif len(same) > 1:
            error = f"ambiguous: {_choices(same)}"
        where = f"{entry.distribution} ({entry.module}:{entry.attribute})"
        yield Listing(entry.name, where, seen.summary if seen else "", error)


def _choices(found: list[Entry]) -> str:
    return " or ".join(f"{entry.module}:{entry.attribute} ({entry.distribution})" for entry in found)
