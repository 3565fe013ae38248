"""Rows of data files in the columns that TRL's trainers take, whatever format they were written in."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from arena.data.check import format_of
from arena.data.formats.record import Format, Record
from arena.data.formats.writer import read, shuffled
from arena.models.store import digest
from arena.train.plan import Method

METHOD_OF: dict[Format, Method] = {
    "dpo": "dpo",
    "openai-preference": "dpo",
    "kto": "kto",
    "sft": "sft",
    "openai-sft": "sft",
    "grpo": "grpo",
}
"""The method that a format is made for."""
_ALSO: dict[Method, tuple[Format, ...]] = {
    "sft": ("dpo", "openai-preference"),
    "kto": ("dpo", "openai-preference"),
}
"""Formats that serve another method too: the chosen answer alone, or both as labels."""
COLUMNS: dict[Method, tuple[str, ...]] = {
    "dpo": ("prompt", "chosen", "rejected"),
    "kto": ("prompt", "completion", "label"),
    "sft": ("prompt", "completion"),
    "grpo": ("prompt", "game", "options", "version", "seed", "seat", "history"),
}


class DataFile(msgspec.Struct, frozen=True):
    """A file of rows."""

    path: Path
    format: Format
    digest: str
    """SHA-256 of its bytes."""


def files(data: Iterable[Path], split: str = "train") -> tuple[DataFile, ...]:
    """The files of a split: of each folder its file, a file itself when `split` is "train".

    Raises:
        ValueError: there is none, or its first record has the columns of no format.
    """
    found = []
    for path in data:
        file = _file(path, split)
        if file is None:
            continue
        first = next(read(file), None)
        if first is None:
            raise ValueError(f"{file}: there is no record in it")
        found.append(DataFile(file, format_of(first, file), digest(file)))
    return tuple(found)


def method_of(found: Sequence[DataFile]) -> Method:
    """The method that all files are made for.

    Raises:
        ValueError: they are made for several.
    """
    methods = {METHOD_OF[one.format]: one.path for one in found}
    if len(methods) != 1:
        told = ", ".join(f"{path} for {method}" for method, path in methods.items())
        raise ValueError(f"the files are made for different methods ({told}): give --method")
    return next(iter(methods))


def rows(file: DataFile, method: Method) -> Iterator[tuple[int, Record, list[Record]]]:
    """Each record with its number in the file, from 1, and the rows that a trainer gets of it.

    Raises:
        ValueError: a line is damaged, or a record is not in the format of the first; the number is named.
    """
    if method != METHOD_OF[file.format] and file.format not in _ALSO.get(method, ()):
        raise ValueError(
            f"{file.path} is in the format {file.format}, which {method} cannot use: "
            f"make it with `arena pairs --format {method}`"
        )
    for number, record in enumerate(read(file.path), 1):
        try:
            yield number, record, _rows(record, file.format, method)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"{file.path}, record {number}: not in the format {file.format} of the first ({error!r})"
            ) from error


def mixed(
    found: Sequence[DataFile], method: Method, seed: int, dropped: frozenset[tuple[str, int]]
) -> list[Record]:
    """The rows of all files but `dropped` (path and record), in the order of a hash, as `arena pairs` does.

    In the same order whatever order the files are given in; KTO reads them as they stand.
    """
    lines = (
        msgspec.json.encode(row)
        for file in found
        for number, _, made in rows(file, method)
        if (str(file.path), number) not in dropped
        for row in made
    )
    return [json.loads(line) for line in shuffled(lines, seed)]


def meta_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a record came from; empty when it does not say so."""
    text = record.get("meta")
    try:
        told = msgspec.json.decode(text) if isinstance(text, str) else None
    except msgspec.DecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _file(path: Path, split: str) -> Path | None:
    if path.is_dir():
        named = [path / f"{split}.{suffix}" for suffix in ("jsonl", "parquet")]
        found = next((one for one in named if one.is_file()), None)
        if found is None and split == "train":
            raise ValueError(f"{path} holds no train.jsonl: give a folder that `arena pairs --out` wrote")
        return found
    if not path.is_file():
        raise ValueError(f"{path}: there is no such folder; `arena pairs --out {path}` makes one")
    return path if split == "train" else None


def _rows(record: Record, format: Format, method: Method) -> list[Record]:
    plain = _plain(record, format)
    if format in ("dpo", "openai-preference") and method != "dpo":
        prompt, chosen, rejected = plain["prompt"], plain["chosen"], plain["rejected"]
        if method == "sft":
            return [{"prompt": prompt, "completion": chosen}]
        return [
            {"prompt": prompt, "completion": chosen, "label": True},
            {"prompt": prompt, "completion": rejected, "label": False},
        ]
    return [{name: plain[name] for name in COLUMNS[method]}]


def _plain(record: Mapping[str, Any], format: Format) -> Mapping[str, Any]:
    """The columns of TRL's own format."""
    if format == "openai-sft":
        said = _messages(record["messages"])
        return {"prompt": said[:-1], "completion": said[-1:]}
    if format == "openai-preference":
        sides = {"chosen": "preferred_output", "rejected": "non_preferred_output"}
        prompt = _messages(record["input"]["messages"])
        return {"prompt": prompt} | {name: _messages(record[side]) for name, side in sides.items()}
    said_in = {"prompt": "user", "chosen": "assistant", "rejected": "assistant", "completion": "assistant"}
    found = dict(record)
    for name, role in said_in.items():
        if name in record:
            found[name] = _messages(record[name], role)
    if "label" in found:
        found["label"] = bool(found["label"])
    return found


def _messages(value: Any, role: str = "user") -> list[Record]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    return [{"role": str(one["role"]), "content": str(one["content"])} for one in value]
