"""Writes TOML; the standard library only reads it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def dumps(table: Mapping[str, Any]) -> str:
    """A TOML document. Keys whose value is None are left out, since TOML has no null.

    Raises:
        TypeError: a value has no form in TOML.
    """
    lines: list[str] = []
    _write(table, (), lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _write(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    given = {key: value for key, value in table.items() if value is not None}
    tables = {key: value for key, value in given.items() if isinstance(value, Mapping)}
    if path and (len(given) > len(tables) or not tables):
        lines += ["", f"[{'.'.join(map(_text, path))}]"]
    lines += [f"{_text(key)} = {_value(value)}" for key, value in given.items() if key not in tables]
    for key, inner in tables.items():
        _write(inner, (*path, key), lines)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)  # inf and nan are the same in TOML
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{_text(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return f"{{{', '.join(pairs)}}}"
    raise TypeError(f"{value!r} of type {type(value).__name__} has no form in TOML")


def _text(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"the key {key!r} is no text: TOML has no other keys")
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else _quoted(key)


def _quoted(text: str) -> str:
    # JSON escapes what TOML wants escaped, but for DEL
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
