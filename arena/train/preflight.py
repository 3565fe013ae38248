"""What a trainer will do with the rows, looked at before anything heavy is loaded; and what is refused."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import NormalDist, fmean
from typing import Any

import msgspec

from arena import load
from arena.data.check import Finding, check
from arena.data.formats.record import Record
from arena.data.hygiene.split import Seeds
from arena.seeding import is_held_out
from arena.train.base import Base
from arena.train.lengths import Length, Renderer
from arena.train.plan import Method
from arena.train.rows import DataFile, meta_of, rows

FOREIGN = (
    "[INST]",
    "<|start_header_id|>",
    "<start_of_turn>",
    "<|im_start|>",
    "<|assistant|>",
    "<|turn>",
    "<｜Assistant｜>",
)
"""What the chat templates of well-known models open a turn with."""
_UNBOUNDED = 1 << 40
_KEPT = ("turns", "empty", "balance", "length bias", "duplicates", "contradictions")
"""What `arena.data.check` says that holds for all trainers; lengths and labels are counted here."""


class Refused(ValueError):
    """These rows must not be trained on; the message names the file and the record."""


class Looked(msgspec.Struct, frozen=True):
    """What a look at the rows told."""

    findings: tuple[Finding, ...]
    lengths: tuple[Length, ...]
    """Of each row that a trainer gets."""
    good: int = 0
    bad: int = 0
    """Labels of KTO."""
    dropped: frozenset[tuple[str, int]] = frozenset()
    """Records that are left out, by file and number."""
    games: tuple[str, ...] = ()
    """That the rows come from, the most frequent first."""
    doubt: float | None = None
    """The mean chance that a row prefers the worse answer, by its z; None when a row tells none."""

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence."""
        return max((one.whole for one in self.lengths), default=0)

    @property
    def tokens(self) -> int:
        """Tokens of all sequences; a prompt counts once for each of its answers."""
        return sum(one.tokens for one in self.lengths)


def look(files: Sequence[DataFile], method: Method, base: Base, held_out: Sequence[Seeds]) -> Looked:
    """Look at every row once.

    Raises:
        Refused: rows of the test split or of held-out seeds, rows rendered by another chat template, labels
            of one side, or answers that no trainer can use.
        ValueError: a line is damaged, or not in the format of the first.
    """
    seen = _Seen(method, base, tuple(held_out), Renderer(base.folder))
    for file in files:
        for number, record, made in rows(file, method):
            seen.add(file, number, record, made)
    if not seen.lengths:
        raise Refused(f"{files[0].path}: no row is left to train on: {_sentences(seen.findings(method))}")
    found = (*_of_files(files, method), *seen.findings(method))
    if wrong := [one for one in found if one.level == "error"]:
        raise Refused(" ".join(one.sentence for one in wrong))
    return Looked(
        found,
        tuple(seen.lengths),
        seen.labels[True],
        seen.labels[False],
        frozenset(seen.dropped),
        tuple(game for game, _ in seen.played.most_common()),
        fmean(seen.doubts) if len(seen.doubts) == seen.records else None,
    )


def lost(looked: Looked, limit: int) -> Iterator[Finding]:
    """What a limit of so many tokens a sequence costs.

    Raises:
        Refused: no row is left.
    """
    gone = sum(one.prompt >= limit for one in looked.lengths)
    cut = sum(one.prompt < limit < one.whole for one in looked.lengths)
    rows = len(looked.lengths)
    if gone == rows:
        raise Refused(f"max_length={limit} is filled by the prompt alone in every row: raise it with --set")
    if gone:
        told = f"The prompt alone fills max_length={limit} in {gone} of {rows} rows: they are not trained on."
        yield Finding("warn", "length", told)
    if cut:
        yield Finding("warn", "length", f"The ends of {cut} answers are cut off at max_length={limit}.")
    if not gone and not cut:
        yield Finding("ok", "length", f"Every row fits max_length={limit}, counted by the base's tokenizer.")


class _Seen:
    """What passes by, counted; refuses what must not pass."""

    def __init__(self, method: Method, base: Base, held_out: tuple[Seeds, ...], renderer: Renderer) -> None:
        self.method, self.base, self.held_out, self.renderer = method, base, held_out, renderer
        self.lengths: list[Length] = []
        self.labels: Counter[bool] = Counter()
        self.agents: Counter[str] = Counter()
        self.dropped: list[tuple[str, int]] = []
        self.silent = self.seedless = self.foreign = self.rerendered = self.weighted = self.records = 0
        self.games: set[tuple[str, str, int]] = set()
        self.kept: dict[tuple[str, str], bool] = {}
        self.played: Counter[str] = Counter()
        self.doubts: list[float] = []

    def add(self, file: DataFile, number: int, record: Record, made: Sequence[Record]) -> None:
        where = f"{file.path}, record {number}"
        meta = meta_of(record)
        self.records += 1
        self._provenance(meta, where)
        texts = list(_texts(made))
        if any(mark in text for mark in self.renderer.control for text in texts):
            self.dropped.append((str(file.path), number))
            return
        self.foreign += any(mark in text for mark in FOREIGN for text in texts)
        if record.get("weight", 1.0) not in (1.0, None):
            self.weighted += 1
        for row in made:
            length = self.renderer.length(row)
            self.lengths.append(length)
            self.rerendered += not length.same
            if "label" in row:
                self.labels[bool(row["label"])] += 1
            if self.method == "grpo":
                self._game(row, where)

    def _provenance(self, meta: Mapping[str, Any], where: str) -> None:
        if meta.get("split") == "test":
            raise Refused(f"{where} is of the test split: train on the file train.jsonl alone")
        seed = meta.get("seed")
        self.seedless += not isinstance(seed, int)
        if isinstance(seed, int) and (is_held_out(seed) or self._is_kept(seed, meta)):
            raise Refused(
                f"{where} comes from the scenario of seed {seed}, which is held out for evaluation: "
                "make the rows again with `arena pairs`, and --held-out where you keep seeds of your own"
            )
        template = meta.get("template")
        if template is None:
            self.silent += 1
        elif template != self.base.template:
            raise Refused(
                f"{where} was sampled under another chat template ({str(template)[:12]}…) than that of "
                f"{self.base.folder.name} ({self.base.template[:12]}…): train the base that it is of"
            )
        if agent := meta.get("agent"):
            self.agents[str(agent)] += 1
        if game := meta.get("game"):
            self.played[str(game)] += 1
        if isinstance(z := meta.get("z"), float | int):
            self.doubts.append(NormalDist().cdf(-z))

    def _is_kept(self, seed: int, meta: Mapping[str, Any]) -> bool:
        """Whether a scenario is kept for evaluation by its seed or by the game's options."""
        if any(one.first <= seed <= one.last for one in self.held_out):
            return True
        game, options = str(meta.get("game", "")), str(meta.get("options", "{}"))
        if (game, options) not in self.kept:
            self.kept[game, options] = _keeps(game, options)
        return self.kept[game, options]

    def _game(self, row: Record, where: str) -> None:
        name, options, version = str(row["game"]), str(row["options"]), row["version"]
        if not isinstance(version, int) or (name, options, version) in self.games:
            return
        self.games.add((name, options, version))
        found = load.with_options(name, msgspec.json.decode(options)).version
        if found != version:
            raise Refused(
                f"{where} is of version {version} of {name}, and here it is version {found}: play anew"
            )

    def findings(self, method: Method) -> list[Finding]:
        return [
            *self._template(),
            *self._seeds(),
            *(self._labels() if method == "kto" else ()),
            *self._others(),
        ]

    def _template(self) -> Iterator[Finding]:
        left = len(self.dropped)
        if left == self.records:
            told = "Every row holds control tokens of the base as text: they were rendered before."
            yield Finding("error", "template", told)
        elif left:
            told = f"{left} rows hold control tokens as text and are left out: they would forge turns."
            yield Finding("warn", "template", told)
        if self.foreign > self.records / 2:
            told = "Most rows hold the marks of another model's chat template: train that model on them."
            yield Finding("error", "template", told)
        if self.rerendered:
            told = f"{self.rerendered} prompts change when the answer follows: the loss begins elsewhere."
            yield Finding("warn", "template", told)
        if self.silent:
            who = ", ".join(name for name, _ in self.agents.most_common(3)) or "nobody named"
            told = (
                f"{self.silent} of {self.records} rows do not say under which chat template they were "
                f"sampled, so that could not be checked; they are replies of {who}."
            )
            yield Finding("ok", "template", told)

    def _seeds(self) -> Iterator[Finding]:
        if self.seedless:
            told = f"{self.seedless} rows name no seed, so whether it is held out could not be checked."
            yield Finding("warn", "seeds", told)
        else:
            yield Finding("ok", "seeds", "No row comes from a scenario that is held out for evaluation.")

    def _labels(self) -> Iterator[Finding]:
        good, bad = self.labels[True], self.labels[False]
        if not good or not bad:
            side = "desirable" if good else "undesirable"
            yield Finding(
                "error", "labels", f"All {good + bad} labels are {side}: KTO learns nothing from one side."
            )
        else:
            yield Finding("ok", "labels", f"{good} desirable and {bad} undesirable rows, mixed.")

    def _others(self) -> Iterator[Finding]:
        if self.weighted:
            told = f"{self.weighted} rows have a weight other than 1, which TRL's trainers do not read."
            yield Finding("warn", "weights", told)


def _keeps(name: str, options: str) -> bool:
    """Whether a game deals what is held out under these options; a game that is not here keeps nothing."""
    try:
        given = msgspec.json.decode(options, type=dict[str, Any])
        return load.with_options(name, given).deals_held_out(given)
    except (load.LoadError, msgspec.DecodeError):
        return False


def _of_files(files: Sequence[DataFile], method: Method) -> Iterator[Finding]:
    for file in files:
        for one in check(file.path, max_length=_UNBOUNDED):
            if one.about == "format" or one.about in _KEPT:
                name = f"{file.path.parent.name}/{file.path.name}: " if len(files) > 1 else ""
                yield one._replace(sentence=name + one.sentence)
        yield from _of_card(file)


def _of_card(file: DataFile) -> Iterator[Finding]:
    """Whether the file is still the one that its card describes."""
    card = file.path.parent / "DATACARD.md"
    if not card.is_file():
        return
    line = next(
        (one for one in card.read_text("utf-8").splitlines() if one.startswith(f"| {file.path.name} |")), ""
    )
    if line and file.digest not in line:
        told = f"{file.path.name} is not the file that DATACARD.md describes: it was changed since."
        yield Finding("warn", "card", told)


def _texts(made: Sequence[Record]) -> Iterator[str]:
    for row in made:
        for name in ("prompt", "chosen", "rejected", "completion"):
            for message in row.get(name, ()):  # type: ignore[attr-defined]
                yield message["content"]


def _sentences(found: Iterable[Finding]) -> str:
    return " ".join(one.sentence for one in found if one.level != "ok")
