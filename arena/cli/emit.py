"""JSON lines on standard output that no terminal can be led astray by."""

import json
import re
import sys
from collections.abc import Mapping
from math import isfinite

import msgspec

_BEYOND = re.compile("[^\n -~]")


def emit(event: Mapping[str, object]) -> None:
    """Print one event as a line of JSON in plain ASCII.

    Values may be whatever msgspec encodes; a number that is not finite becomes null. Everything outside
    printable ASCII is escaped: control and direction characters that a model wrote stay data, and the
    line reads the same in any locale.
    """
    _write(json.dumps(_finite(msgspec.to_builtins(event)), separators=(",", ":")) + "\n")


def emit_lines(lines: bytes) -> None:
    """Print whole lines of JSON that are encoded already, in plain ASCII."""
    _write(lines.decode())


def _write(text: str) -> None:
    sys.stdout.write(_BEYOND.sub(_escaped, text))
    sys.stdout.flush()  # a reader waits for each line, and a full disk is an error now rather than at the end


def _escaped(found: "re.Match[str]") -> str:
    """A character as JSON escapes it; those beyond U+FFFF as two."""
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
