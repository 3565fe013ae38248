"""Whether the top-level packages ``games`` and ``agents`` are ours."""

import ast
import importlib.util
from pathlib import Path

from arena.load.modules import ROOT
from arena.specs import LoadError


def check_origin() -> None:
    """Make sure that ``games`` and ``agents`` are the packages beside arena; nothing is imported.

    Both names are common: the distribution openai-agents installs a top-level ``agents`` too.

    Raises:
        LoadError: another distribution stands in the way; the message names it and the cure.
    """
    for package in ("games", "agents"):
        if wrong := _wrong_origin(package):
            others = " and ".join(_owners(package))
            cure = (
                "install arena in a virtual environment of its own (python -m venv)"
                if others
                else "start arena where Python does not find that one first, or install arena again"
            )
            hidden = f"hidden by the distribution {others}" if others else "not where it should be"
            raise LoadError(f"arena's own package {package!r} is {hidden} (found: {wrong}): {cure}.")


def _wrong_origin(package: str) -> str:
    """Where `package` comes from when it is not ours; empty when it is."""
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:
        return "a module made by hand"
    if spec is None:
        return "nowhere"
    folders = [Path(folder).resolve() for folder in spec.submodule_search_locations or [spec.origin or ""]]
    if folders != [ROOT / package]:
        return str(folders[0])
    # Wheels installed into one folder overwrite each other: our __init__.py is a docstring and no more.
    try:
        body = ast.parse((ROOT / package / "__init__.py").read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return f"{folders[0]}, damaged"
    ours = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
    return "" if ours else f"{folders[0]}, overwritten"


def _owners(package: str) -> list[str]:
    """The distributions, ours apart, that install a top-level `package`."""
    from importlib.metadata import packages_distributions

    known = packages_distributions()
    return sorted(set(known.get(package, [])) - set(known.get("arena", [])))
