"""Recorded matches as a table, one row a reply or one a match: a Parquet file with a card for the hub."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from arena.data.extra import library
from arena.events import Asked, Ended, Fouled, Moved
from arena.game import Seat
from arena.models.store import digest
from arena.replay.entry import Tally
from arena.replay.replay import Replay

Rows: TypeAlias = Literal["replies", "matches"]

CHUNK = 10_000
"""Rows of a row group."""
_KINDS = {"s": "string", "i": "int64", "f": "float64"}
_COLUMNS: Mapping[Rows, Mapping[str, tuple[str, str]]] = {
    "replies": {
        "match": ("s", "id of the match"),
        "run": ("s", "run it was played in"),
        "game": ("s", "name of the game"),
        "options": ("s", "the game's options, as JSON"),
        "version": ("i", "the game's version"),
        "seed": ("s", "the match's seed, a whole number that may need 64 bits"),
        "ply": ("i", "moves made before this reply"),
        "seat": ("s", "seat that replied"),
        "agent": ("s", "agent in that seat"),
        "attempt": ("i", "0, or how many answers were refused before"),
        "messages": ("s", "messages as sent, as JSON: a list of role and content"),
        "observation": ("s", "what the seat saw"),
        "text": ("s", "the answer"),
        "thinking": ("s", "the thinking"),
        "move": ("s", "the move read in the answer"),
        "fault": ("s", "why it was refused: illegal, unparsable, empty or truncated; null when it was not"),
        "candidates": ("s", "moves considered, as JSON: a list of move, text, probability, source"),
        "model": ("s", "model as the server names it"),
        "finish": ("s", "the server's finish reason"),
        "seconds": ("f", "time of the call"),
        "input_tokens": ("i", "prompt tokens; null when unknown, as all below"),
        "output_tokens": ("i", "completion tokens, thinking included"),
        "thinking_tokens": ("i", "of these, thinking"),
        "cost": ("f", "dollars"),
        "payoff": ("f", "payoff of the seat at the end, in [-1, 1]"),
        "kind": ("s", "who decided the match: rules, foul, limit, adjudicated or void"),
    },
    "matches": {
        "match": ("s", "id of the match"),
        "run": ("s", "run it was played in"),
        "game": ("s", "name of the game"),
        "options": ("s", "the game's options, as JSON"),
        "version": ("i", "the game's version"),
        "seed": ("s", "the match's seed, a whole number that may need 64 bits"),
        "pair": ("s", "mirrored pair within the run"),
        "parent": ("s", "match that it was forked from"),
        "agents": ("s", "agent by seat, as JSON"),
        "payoffs": ("s", "payoff by seat, as JSON; null when it did not end or was void"),
        "reason": ("s", "how it ended"),
        "kind": ("s", "who decided it: rules, foul, limit, adjudicated or void"),
        "plies": ("i", "moves made"),
        "moves": ("s", "the moves in order, as JSON: a list of seat and move"),
        "refused": ("i", "answers that were refused"),
        "tokens": ("i", "prompt and completion tokens; null when unknown"),
        "cost": ("f", "dollars; null when unknown"),
    },
}


class Written(NamedTuple):
    """What was written."""

    rows: int
    card: Path


def write_played(path: Path, replays: Iterable[Replay], rows: Rows, *, title: str, command: str) -> Written:
    """Write a Parquet file and beside it, with the suffix ``.md``, the card that the hub calls README.md.

    Raises:
        MissingExtra: pyarrow is not installed.
        ReplayError: a reply refers to messages that are not there.
    """
    pyarrow = library("pyarrow", "train", "a Parquet file")
    parquet = library("pyarrow.parquet", "train", "a Parquet file")
    columns = _COLUMNS[rows]
    schema = pyarrow.schema([(name, getattr(pyarrow, _KINDS[kind])()) for name, (kind, _) in columns.items()])
    counts = _Counts()
    told = (
        row for replay in replays for row in (_replies(replay) if rows == "replies" else [_match(replay)])
    )
    with parquet.ParquetWriter(path, schema) as writer:
        while part := list(islice(told, CHUNK)):
            counts.add(part)
            writer.write_table(pyarrow.Table.from_pylist(part, schema=schema))
    about = path.with_suffix(".md")
    about.write_text(_card(path, rows, counts, title, command), encoding="utf-8")
    return Written(counts.rows, about)


class _Counts:
    def __init__(self) -> None:
        self.rows = 0
        self.games: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.agents: Counter[str] = Counter()

    def add(self, part: list[dict[str, Any]]) -> None:
        self.rows += len(part)
        self.games.update(row["game"] for row in part)
        self.kinds.update(row["kind"] or "not over" for row in part)
        self.agents.update(agent for row in part for agent in _agents(row))


def _agents(row: Mapping[str, Any]) -> list[str]:
    return [row["agent"]] if "agent" in row else list(msgspec.json.decode(row["agents"]).values())


def _replies(replay: Replay) -> Iterator[dict[str, Any]]:
    """One row a reply; a reply's fault is the refusal that followed it."""
    started, ended = replay.started, replay.ended
    head = {
        "match": started.id,
        "run": started.run,
        "game": started.game,
        "options": _json(started.options),
        "version": started.version,
        "seed": str(started.seed),
        "kind": ended.kind if ended else None,
    }
    refused = {(e.ply, e.seat, e.attempt): e.fault for e in replay.events if isinstance(e, Fouled)}
    seen = {(e.ply, e.seat, e.attempt): e.observation for e in replay.events if isinstance(e, Asked)}
    for reply, messages in replay.calls():
        place = reply.ply, reply.seat, reply.attempt
        usage = reply.usage
        yield head | {
            "ply": reply.ply,
            "seat": reply.seat,
            "agent": started.seats[reply.seat].agent,
            "attempt": reply.attempt,
            "messages": _json(messages) if messages else None,
            "observation": seen.get(place),
            "text": reply.text,
            "thinking": reply.thinking or None,
            "move": reply.move,
            "fault": reply.fault or refused.get(place),
            "candidates": _json(reply.candidates) if reply.candidates else None,
            "model": usage.model if usage else None,
            "finish": usage.finish if usage else None,
            "seconds": usage.seconds if usage else None,
            "input_tokens": usage.input if usage else None,
            "output_tokens": usage.output if usage else None,
            "thinking_tokens": usage.thinking if usage else None,
            "cost": usage.cost if usage else None,
            "payoff": _payoff(ended, reply.seat),
        }


def _match(replay: Replay) -> dict[str, Any]:
    started, ended, tally = replay.started, replay.ended, Tally.of(replay.events)
    moves = [(event.seat, event.move) for event in replay.events if isinstance(event, Moved)]
    return {
        "match": started.id,
        "run": started.run,
        "game": started.game,
        "options": _json(started.options),
        "version": started.version,
        "seed": str(started.seed),
        "pair": started.pair,
        "parent": started.parent.id if started.parent else None,
        "agents": _json({seat: seated.agent for seat, seated in started.seats.items()}),
        "payoffs": _json(ended.payoff) if ended and ended.payoff else None,
        "reason": ended.reason if ended else None,
        "kind": ended.kind if ended else None,
        "plies": len(moves),
        "moves": _json(moves),
        "refused": sum(isinstance(event, Fouled) for event in replay.events),
        "tokens": sum(tally.tokens.values()) if tally.tokens else None,
        "cost": sum(tally.cost.values()) if tally.cost else None,
    }


def _payoff(ended: Ended | None, seat: Seat) -> float | None:
    return ended.payoff.get(seat) if ended else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _card(path: Path, rows: Rows, counts: _Counts, title: str, command: str) -> str:
    size = next(
        (n for most, n in ((1e3, "n<1K"), (1e4, "1K<n<10K"), (1e5, "10K<n<100K")) if counts.rows < most),
        "n>100K",
    )
    header = (
        f"---\nlicense: unknown\nsize_categories:\n- {size}\ntask_categories:\n- text-generation\n"
        f"tags:\n- self-play\n- games\nconfigs:\n- config_name: {rows}\n  default: true\n"
        f"  data_files:\n  - split: train\n    path: {path.name}\n---\n"
    )
    columns = _table(
        ("column", "what it holds"), [(name, what) for name, (_, what) in _COLUMNS[rows].items()]
    )
    counted = {"game": counts.games, "end": counts.kinds, "agent": counts.agents}
    return "\n".join(
        [
            header,
            f"# {_plain(title)}\n",
            f"{counts.rows:,} rows, one for each of the {rows} of recorded matches of the arena. Texts were "
            "written by models and are hostile until proven otherwise.\n",
            f"Made again by:\n\n```\n{_plain(command)}\n```\n",
            f"sha256 of {path.name}: `{digest(path)}`\n",
            f"## Columns\n\n{columns}",
            *(
                f"## Rows by {name}\n\n{_table((name, 'rows'), _most_first(c))}"
                for name, c in counted.items()
            ),
        ]
    )


def _most_first(counted: Counter[str]) -> list[tuple[str, str]]:
    return [(name, str(n)) for name, n in sorted(counted.items(), key=lambda item: (-item[1], item[0]))]


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {_plain(one)} | {_plain(other)} |" for one, other in lines) + "\n"


def _plain(text: str) -> str:
    """Text on one line, without markup that ends a cell."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
