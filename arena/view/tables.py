"""Tables of what commands list: results, matches, games, agents, settings. All fit 80 columns.

Colour follows meaning: green for won, red for lost by a foul, yellow for void. Unknown is ``–``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from arena.game import Kind, Seat

from . import figures
from .clean import clean_line
from .names import Name, Pairing
from .outcome import score
from .style import BAD, GOOD, NOTE, STRONG, WARN
from .talk import short_name

_WHY: Mapping[Kind, str] = {"foul": BAD, "void": WARN, "limit": WARN}


@dataclass(frozen=True, slots=True)
class Result:
    """What an agent did in a set of matches."""

    agent: str
    wins: int
    draws: int
    losses: int
    fouls: int = 0
    """Matches that it ended by giving no legal move; they are among the losses."""
    refused: int = 0
    """Answers that were no legal move, asked again or not."""
    voids: int = 0
    """Matches that the world spoilt; among no others."""
    tokens: int | None = None
    """Prompt and completion tokens."""
    seconds: float | None = None
    """Mean seconds a move."""
    cost: float | None = None
    """Dollars."""


@dataclass(frozen=True, slots=True)
class Played:
    """A finished match in a list."""

    id: str
    game: str
    agents: tuple[str, ...]
    """In seat order."""
    payoffs: tuple[float, ...]
    """In seat order; empty when void."""
    reason: str
    kind: Kind
    plies: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GameEntry:
    """A game that can be played."""

    name: str
    seats: tuple[Seat, ...]
    about: str
    """One sentence."""
    version: int = 1
    origin: str = ""
    """Where it comes from: "built in", an entry point, a file."""


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """An agent that can be seated."""

    name: str
    about: str
    """One sentence."""
    options: tuple[str, ...] = ()
    """The names of what can be set."""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in force. Secrets do not belong here."""

    key: str
    value: str
    source: str
    """Which of flag, variable, file and default decided it."""


def results(rows: Sequence[Result]) -> Table:
    """What each agent did, in the order given; without seconds a move when nobody's are known."""
    timed = any(row.seconds is not None for row in rows)
    table = _table()
    table.add_column("agent")
    for head in ("W/D/L", "fouls", "refused", "voids", "tokens", *(["s/move"] if timed else []), "cost"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Name(row.agent),
            Text.assemble((str(row.wins), GOOD if row.wins else ""), f"/{row.draws}/{row.losses}"),
            _flagged(row.fouls, BAD),
            _flagged(row.refused, BAD),
            _flagged(row.voids, WARN),
            figures.tokens(row.tokens),
            *([figures.UNKNOWN if row.seconds is None else f"{row.seconds:.1f}"] if timed else []),
            figures.dollars(row.cost),
        )
    return table


def matches(rows: Sequence[Played]) -> RenderableType:
    """A line for each match: the agents in seat order around the score, winners green, and why it ended."""
    called = _distinct({agent for row in rows for agent in row.agents})
    # the pairing gets its width first, the reason wraps; wider than both need the table never is
    pairing = max((sum(cell_len(called[agent]) + 3 for agent in row.agents) for row in rows), default=16)
    reason = min(max((cell_len(row.reason) for row in rows), default=8), max(15, pairing * 2 // 3))
    table = _table()
    table.expand = True
    table.add_column("match", no_wrap=True, style=NOTE)
    table.add_column("game", max_width=12)
    table.add_column("agents and score", ratio=max(16, pairing))
    table.add_column("ended by", ratio=max(8, reason), overflow="fold")
    table.add_column("plies", justify="right", no_wrap=True)
    for row in rows:
        why = Text(clean_line(row.reason, 48), style=_WHY.get(row.kind, ""))
        for tag in row.tags:
            why.append(f" #{clean_line(tag, 20)}", style=WARN)
        names = [called[agent] for agent in row.agents]
        table.add_row(Text(clean_line(row.id, 26)), Name(row.game), _pairing(row, names), why, str(row.plies))
    ids = max((cell_len(row.id) for row in rows), default=5)
    return Constrain(table, min(ids, 26) + 12 + max(16, pairing) + max(8, reason) + 13)


def games(rows: Sequence[GameEntry]) -> Table:
    """The games: name, seats, what it is, where it comes from."""
    table = _table()
    table.add_column("game", style=STRONG)
    table.add_column("seats", max_width=20)
    table.add_column("about")
    table.add_column("from", style=NOTE, max_width=20)
    for row in rows:
        seats = Text(", ".join(clean_line(seat, 20) for seat in row.seats))
        name = row.name if row.version == 1 else f"{row.name} v{row.version}"
        table.add_row(Name(name), seats, Text(clean_line(row.about)), Name(row.origin))
    return table


def agents(rows: Sequence[AgentEntry]) -> Table:
    """The agents: name, what it is, its options, where it comes from."""
    table = _table()
    table.add_column("agent", style=STRONG)
    table.add_column("about")
    table.add_column("options")
    table.add_column("from", style=NOTE, max_width=20)
    for row in rows:
        options = Text(", ".join(clean_line(option, 30) for option in row.options))
        table.add_row(Name(row.name), Text(clean_line(row.about)), options, Name(row.origin))
    return table


def settings(rows: Sequence[Setting]) -> Table:
    """The settings in force, and where each one comes from."""
    table = _table()
    table.add_column("setting", no_wrap=True, style=STRONG)
    table.add_column("value", overflow="fold")
    table.add_column("from", style=NOTE, max_width=30)
    for row in rows:
        table.add_row(Text(clean_line(row.key, 30)), Text(clean_line(row.value)), Name(row.source))
    return table


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style=NOTE
    )


def _flagged(count: int, style: str) -> Text:
    return Text(f"{count:,}", style=style if count else "")


def _distinct(agents: Collection[str]) -> Mapping[str, str]:
    """Agents without provider and address, with their options, unless two of them would look the same."""
    short = {agent: ",".join([short_name(agent), *agent.split(",")[1:]]) for agent in agents}
    return short if len(set(short.values())) == len(short) else {agent: agent for agent in agents}


def _pairing(row: Played, names: Sequence[str]) -> RenderableType:
    """``winner 1–0 loser`` for two seats; for more, every agent with its payoff."""
    if len(names) != 2:
        line = Text(", ").join(
            Text.assemble(
                (clean_line(name, 40), GOOD if payoff and payoff > 0 else ""),
                "" if payoff is None else f" {score((payoff,))}",
            )
            for name, payoff in zip_longest(names, row.payoffs)
        )
        return line if row.payoffs else line.append(" void", style=WARN)
    result = score(row.payoffs, row.kind)
    ahead = row.payoffs[0] - row.payoffs[1] if row.payoffs else 0
    return Pairing(
        Name(names[0], GOOD if ahead > 0 else ""),
        Text(result, style=WARN if row.kind == "void" else ""),
        Name(names[1], GOOD if ahead < 0 else ""),
    )
