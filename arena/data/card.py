"""DATACARD.md: what a data set holds, from where, and how to make it again. No date and no machine in it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median

import msgspec

from arena.data.formats.record import Format, Split, prompts_of, samples_of
from arena.data.hygiene.diversity import Diversity, diversity
from arena.data.hygiene.funnel import Funnel
from arena.data.hygiene.length import LengthBias
from arena.data.mix import Mixed
from arena.data.row import Group, Label, Pair, Row
from arena.data.sample import Thinking
from arena.models.store import digest

_TASKS: dict[Format, str] = {
    "dpo": "preference",
    "openai-preference": "preference",
    "kto": "unpaired-preference",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_RANGES = 64
_TEXTS = 20_000
"""Texts kept for the diversity figures, of which a sample is drawn."""


class Tally:
    """Counts over the rows of a data set, taken while they pass."""

    def __init__(self, thinking: Thinking = "drop") -> None:
        self._thinking = thinking
        self.rows: Counter[Split] = Counter()
        self.counts: dict[str, Counter[str]] = {
            name: Counter() for name in ("game", "role", "agent", "scheme", "class")
        }
        self.seeds: dict[Split, dict[str, set[int]]] = {"train": {}, "test": {}}
        self.prompts: dict[Split, set[str]] = {"train": set(), "test": set()}
        self.moves: dict[str, Counter[str]] = {}
        self.lengths: list[int] = []
        """Characters of every completion."""
        self.bias = LengthBias()
        self.texts: list[str] = []
        """The first completions that training makes more likely."""

    def add(self, split: Split, row: Row) -> None:
        """Count one row."""
        samples = samples_of(row)
        first = samples[0]
        self.rows[split] += 1
        self.counts["game"][first.game] += 1
        self.counts["role"][f"{first.game} {first.role}"] += 1
        self.counts["scheme"][row.scheme] += 1
        self.counts["class"][_class(row)] += 1
        for sample in samples:
            self.counts["agent"][sample.agent] += 1
            self.seeds[split].setdefault(sample.game, set()).add(sample.seed)
        self.prompts[split] |= prompts_of(row)
        texts = [sample.completion(self._thinking) or "" for sample in samples]
        self.lengths += map(len, texts)
        if isinstance(row, Pair):
            self.bias.add(len(texts[0]), len(texts[1]))
        if not isinstance(row, Label) or row.good:
            best = row.rewards.index(max(row.rewards)) if isinstance(row, Group) else 0
            self.moves.setdefault(first.game, Counter())[samples[best].move] += 1
            if len(self.texts) < _TEXTS:
                self.texts.append(texts[best])

    def overlap(self) -> int:
        """Prompts of the test split that the train split has too: states recur under other seeds."""
        return len(self.prompts["train"] & self.prompts["test"])


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """All that the card says beyond the tally."""

    name: str
    format: Format
    command: str
    """What makes the data set again."""
    seed: int
    files: Mapping[Split, Path]
    records: Mapping[Split, int]
    """Lines of each file, mixed-in ones included."""
    runs: Sequence[str] = ()
    """Names of the runs the rows come from."""
    mixed: Sequence[Mixed] = ()
    license: str = "unknown"
    language: str = "en"


def card(about: Card, tally: Tally, funnel: Funnel) -> str:
    """The card as Markdown, with the YAML header that ``datasets`` and the hub read."""
    varied = diversity(tally.texts, about.seed)
    parts = [
        _header(about),
        f"# {about.name}\n",
        f"Rows of the format `{about.format}`, made from recorded matches of the arena. "
        "Texts were written by models and are hostile until proven otherwise.\n",
        f"Made again by:\n\n```\n{about.command}\n```\n",
        _table("Files", ("file", "records", "sha256"), _files(about)),
        _table("Runs", ("run",), [(run,) for run in about.runs]) if about.runs else "",
        *(
            _table(f"Rows by {name}", (name, "rows"), _most_first(counted))
            for name, counted in tally.counts.items()
        ),
        _table("Chosen moves", ("game", "different", "most frequent", "share"), _chosen(tally)),
        _table("Completions", ("figure", "value"), _lengths(tally)),
        _table("Diversity of the chosen completions", ("figure", "value"), _varied(varied)),
        _table("What was removed", ("step", "rows"), [(name, str(count)) for name, count in funnel.lines()]),
        _table(
            "Mixed in", ("source", "file", "wanted", "taken"), [tuple(map(str, one)) for one in about.mixed]
        )
        if about.mixed
        else "",
        _table("Splits", ("split", "rows", "game", "seeds", "which"), _splits(tally)),
        f"Prompts of the test split that the train split has too: {tally.overlap()} "
        f"of {len(tally.prompts['test'])}.\n",
    ]
    return "\n".join(filter(None, parts))


def ranges(seeds: Iterable[int]) -> str:
    """Seeds as ``0-9, 12``; at most 64 ranges are written out."""
    found: list[list[int]] = []
    for seed in sorted(seeds):
        if found and seed == found[-1][1] + 1:
            found[-1][1] = seed
        else:
            found.append([seed, seed])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in found[:_RANGES]]
    return ", ".join([*shown, *([f"and {len(found) - _RANGES} more"] if len(found) > _RANGES else [])])


def _header(about: Card) -> str:
    total = sum(about.records.values())
    size = next((name for limit, name in _SIZES if total < limit), "n>1M")
    files = [
        f"  - split: {split}\n    path: {path.name}\n" for split, path in about.files.items() if path.name
    ]
    tags = "".join(f"- {tag}\n" for tag in ("trl", "self-play", _TASKS.get(about.format, about.format)))
    return (
        f"---\nlicense: {about.license}\nlanguage:\n- {about.language}\nsize_categories:\n- {size}\n"
        f"task_categories:\n- text-generation\ntags:\n{tags}configs:\n- config_name: {about.format}\n"
        f"  default: true\n  data_files:\n{''.join(files)}---\n"
    )


def _class(row: Row) -> str:
    if isinstance(row, Pair):
        fault = row.rejected.fault
        return f"pair, rejected {fault}" if fault else "pair"
    if isinstance(row, Group):
        return f"group of {len(row.samples)}"
    return "label, good" if row.good else "label, bad"


def _files(about: Card) -> list[tuple[str, ...]]:
    return [(path.name, str(about.records[split]), digest(path)) for split, path in about.files.items()]


def _most_first(counted: Counter[str]) -> list[tuple[str, ...]]:
    return [(name, str(n)) for name, n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _chosen(tally: Tally) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for game, moves in sorted(tally.moves.items()):
        move, times = min(moves.items(), key=lambda item: (-item[1], item[0]))
        rows.append((game, str(len(moves)), move[:40], f"{times / moves.total():.1%}"))
    return rows


def _lengths(tally: Tally) -> list[tuple[str, ...]]:
    if not tally.lengths:
        return []
    share, bias = tally.bias.share, tally.bias
    won = "no pairs" if share is None else f"{share:.1%} of {bias.longer + bias.shorter}"
    return [
        ("characters, median", f"{median(tally.lengths):g}"),
        ("characters, mean", f"{fmean(tally.lengths):.1f}"),
        ("characters, longest", str(max(tally.lengths))),
        ("the longer answer is chosen", won + (" (alarm: length predicts the label)" if bias.alarm else "")),
    ]


def _varied(varied: Diversity) -> list[tuple[str, ...]]:
    return [
        ("texts looked at", str(varied.texts)),
        ("distinct-1", f"{varied.distinct_1:.3f}"),
        ("distinct-2", f"{varied.distinct_2:.3f}"),
        ("self-BLEU", f"{varied.self_bleu:.3f}"),
        ("compression ratio", f"{varied.compression:.2f}"),
        ("collapsed", "yes: these texts teach one answer" if varied.alarm else "no"),
    ]


def _splits(tally: Tally) -> list[tuple[str, ...]]:
    return [
        (split, str(tally.rows[split]), game, str(len(seeds)), ranges(seeds))
        for split in tally.seeds
        for game, seeds in sorted(tally.seeds[split].items())
    ]


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    body = "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
    return f"## {title}\n\n{body}\n"


def _cell(text: str) -> str:
    """Text of models and file names in one cell, without markup that ends it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.replace("|", "\\|").replace("<", "&lt;")
