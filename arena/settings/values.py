"""Values of options and settings: texts and what TOML holds, as a type annotation wants them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SERIES: dict[Any, Any] = {tuple: tuple, list: list, frozenset: frozenset, Sequence: tuple}


def convert(value: object, kind: Any) -> Any:
    """`value` as the annotation `kind` wants it.

    Texts are read ("yes" for bool, "a+b" for tuple[str, ...], "none" for X | None); other values have to fit.

    Raises:
        ValueError: it does not fit.
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _by_msgspec(convert(value, args[0]), kind, strict=True)
    if origin in (Union, UnionType):
        return _one_of(value, args)
    if origin is Literal:
        return _choice(value, {_text(arg): arg for arg in args})
    if origin in _SERIES:
        return _SERIES[origin](_items(value, origin, args))
    if isinstance(kind, type) and issubclass(kind, Enum):
        by_value = {_text(member.value): member for member in kind}
        return _choice(value, by_value | {member.name: member for member in kind})
    return _scalar(value, kind)


def kind_text(kind: Any) -> str:
    """An annotation as people read it: ``int``, ``'low' or 'high'``, ``float or none``, ``str+str+…``."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return " ".join([kind_text(args[0]), *_limits(args[1:])])
    if origin in (Union, UnionType):
        return " or ".join(map(kind_text, args))
    if origin is Literal:
        return " or ".join(map(shown, args))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(member.name for member in kind)
    if origin in _SERIES:
        parts = [kind_text(arg) for arg in args if arg is not ...]
        return f"{parts[0]}+{parts[0]}+…" if origin is not tuple or ... in args else "+".join(parts)
    if kind is NoneType:
        return "none"
    return "true or false" if kind is bool else str(getattr(kind, "__name__", kind))


def shown(value: object) -> str:
    """A value as it is typed, texts in quotes: ``'low'``, ``3``, ``true``, ``none``."""
    return repr(value) if isinstance(value, str) else _text(value)


def closest(name: str, known: Iterable[str]) -> str:
    """A question that offers the name most like `name`, or a closing full stop when none is."""
    names = list(known)
    longer = [each for each in names if len(name) > 1 and each.startswith(name)]
    near = get_close_matches(name, names, n=1) or longer
    return f"; did you mean {near[0]!r}?" if near else "."


def _one_of(value: object, kinds: Sequence[Any]) -> Any:
    if NoneType in kinds and (value is None or (isinstance(value, str) and value.lower() == "none")):
        return None
    for kind in sorted((kind for kind in kinds if kind is not NoneType), key=lambda kind: kind is str):
        try:
            return convert(value, kind)
        except ValueError:
            continue
    raise ValueError(value)


def _choice(value: object, choices: Mapping[str, Any]) -> Any:
    if _text(value) not in choices:
        raise ValueError(value)
    return choices[_text(value)]


def _items(value: object, origin: Any, kinds: Sequence[Any]) -> list[Any]:
    if isinstance(value, str):
        value = value.split("+") if value else []
    if not isinstance(value, list):
        raise ValueError(value)
    if origin is not tuple or ... in kinds:
        return [convert(item, kinds[0]) for item in value]
    return [convert(item, kind) for item, kind in zip(value, kinds, strict=True)]


def _limits(notes: Sequence[object]) -> Iterator[str]:
    for meta in notes:
        if isinstance(meta, msgspec.Meta):
            limits = {">=": meta.ge, ">": meta.gt, "<=": meta.le, "<": meta.lt}
            yield from (f"{sign} {limit}" for sign, limit in limits.items() if limit is not None)


def _scalar(value: object, kind: Any) -> Any:
    if kind is bool:
        return _choice(_text(value).lower(), _BOOLS)
    if kind is int and isinstance(value, str):
        return int(value)
    if kind is float and isinstance(value, str | int | float) and not isinstance(value, bool):
        if not math.isfinite(float(value)):
            raise ValueError(value)
        return float(value)
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    return _by_msgspec(value, kind, strict=False)


def _by_msgspec(value: Any, kind: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except (msgspec.ValidationError, TypeError) as error:
        raise ValueError(str(error)) from error


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value.value if isinstance(value, Enum) else value)
