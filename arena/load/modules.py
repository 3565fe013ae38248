"""Modules as sources of games and agents: read without being run, imported by name or by file.

A file that belongs to no package is imported under a name made from its path and its time of change, so
that two files called ``nim.py`` do not clash and an edited file is loaded anew.
"""

import ast
import importlib
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import NamedTuple

from arena.specs import LoadError

ROOT = Path(__file__).resolve().parents[2]
"""The folder that holds arena, games and agents."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the source of a module says without being run."""

    summary: str = ""
    """The first line of its docstring."""
    names: frozenset[str] = frozenset()
    """What its top level binds."""
    error: str = ""
    """Why it cannot work, such as a syntax error or a missing package; one line."""

    def may_bind(self, name: str) -> bool:
        """Whether the module may bind `name`; True also when that cannot be told."""
        dynamic = {"*", "__getattr__"} & self.names or (self.error and not self.names)
        return name in self.names or bool(dynamic)


class Entry(NamedTuple):
    """One entry point of an installed distribution."""

    name: str
    module: str
    attribute: str
    distribution: str


def glimpse(file: Path) -> Glimpse:
    """What the source of `file` says; nothing when it is compiled."""
    if file.suffix != ".py":
        return Glimpse(names=frozenset("*"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # somebody's odd escape sequence is no news in a list
            tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        return Glimpse(error=f"line {error.lineno}: {error.msg}")
    except (OSError, ValueError, RecursionError) as error:
        return Glimpse(error=str(error))
    summary = (ast.get_docstring(tree) or "").strip().partition("\n")[0]
    missing = [name for name in _needed(tree) if not _is_installed(name)]
    error_text = f"needs the package {missing[0]!r}, which is not installed" if missing else ""
    return Glimpse(summary, frozenset(_bound(tree)), error_text)


def source_of(module: str) -> Path | None:
    """The file of `module`, found without importing any package above it; None when there is none."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # the module of that name was made by hand
        return None
    path = top
    for part in rest:
        path = f"{path}.{part}"
        spec = _below(spec, path)
    return Path(spec.origin) if spec is not None and spec.has_location and spec.origin else None


def import_named(module: str, what: str) -> ModuleType:
    """The module of that dotted name.

    Raises:
        LoadError: it fails while loading, or a package that it needs is missing.
    """
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise explained(error, what) from error


def import_file(file: Path, what: str) -> ModuleType:
    """The module in `file`; the same object as long as the file is not changed.

    Raises:
        LoadError: the file cannot be read, or fails while loading.
    """
    file = file.resolve()
    try:
        changed = file.stat().st_mtime_ns
        if file.parent in (ROOT / "games", ROOT / "agents"):
            return importlib.import_module(f"{file.parent.name}.{file.stem}")
        return _import_file(file, changed)
    except (Exception, SystemExit) as error:
        raise explained(error, what) from error


def class_path(cls: type) -> str:
    """Names a class for good: ``module.Class``, or ``file.py#hash.Class`` for a file outside packages.

    Such a file has no version, so a hash of its content stands for one.
    """
    return f"{_fingerprints.get(cls.__module__, cls.__module__)}.{cls.__qualname__}"


def entries(group: str) -> tuple[Entry, ...]:
    """The entry points of a group, by name; nothing is imported."""
    from importlib.metadata import entry_points  # costs 30 ms, and a game in games/ does not need it

    found = set()
    for point in entry_points(group=group):
        module, _, attribute = point.value.partition("[")[0].partition(":")
        where = point.dist.name if point.dist is not None else "an unknown distribution"
        found.add(Entry(point.name, module.strip(), attribute.strip(), where))
    return tuple(sorted(found))


def explained(error: BaseException, what: str) -> LoadError:
    """The error that tells a person why `what` failed while loading; raise it from `error`."""
    if isinstance(error, SyntaxError):
        caret = " " * ((error.offset or 1) - 1) + "^"
        source = f"\n  {error.text.rstrip()}\n  {caret}" if error.text else ""
        return LoadError(f"{error.filename or what}, line {error.lineno}: {error.msg}{source}")
    if isinstance(error, ModuleNotFoundError) and error.name:
        return LoadError(f"{what} needs the module {error.name!r}, which is not installed")
    message = str(error).partition("\n")[0]
    place = _last_place(error.__traceback__)
    return LoadError(f"{what} failed while loading: {type(error).__name__}: {message}{place}")


_fingerprints: dict[str, str] = {}


class _Uncached(SourceFileLoader):
    """Compiles the source every time: cached bytecode cannot tell two edits within a second apart."""

    def get_code(self, fullname: str) -> CodeType:
        data = self.get_data(self.path)
        _fingerprints[fullname] = f"{Path(self.path).name}#{sha256(data).hexdigest()[:16]}"
        return self.source_to_code(data, self.path)


@cache
def _import_file(file: Path, changed: int) -> ModuleType:
    stem = re.sub(r"\W", "_", file.stem)
    name = f"arena_file_{stem}_{sha256(str(file).encode()).hexdigest()[:8]}_{changed:x}"
    spec = importlib.util.spec_from_file_location(name, file, loader=_Uncached(name, str(file)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python source")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and typing look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _below(spec: ModuleSpec | None, module: str) -> ModuleSpec | None:
    if spec is None or spec.submodule_search_locations is None:
        return None
    return PathFinder.find_spec(module, list(spec.submodule_search_locations))


def _bound(tree: ast.Module) -> Iterator[str]:
    for node in _unscoped(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name


def _unscoped(node: ast.AST) -> Iterator[ast.AST]:
    """Everything below `node` that runs when the module does, conditions included."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _unscoped(child)


def _needed(tree: ast.Module) -> Iterator[str]:
    """The packages that the top level imports without a condition."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def _is_installed(package: str) -> bool:
    return package in sys.modules or importlib.util.find_spec(package) is not None


def _last_place(trace: TracebackType | None) -> str:
    """Where the error was raised, the import system's own frames left out."""
    place = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file != importlib.__file__:
            place = f" ({file}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place
