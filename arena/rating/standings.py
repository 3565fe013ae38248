"""The table of a run: `Standings`, for one game or over all."""

from collections.abc import Sequence
from dataclasses import dataclass

from arena.rating import bradley_terry, plackett_luce
from arena.rating.bradley_terry import WEAK, BradleyTerry
from arena.rating.connectivity import Connectivity, connectivity
from arena.rating.crosstable import Crosstable, crosstable
from arena.rating.intransitivity import GTest, g_test
from arena.rating.plackett_luce import PlackettLuce
from arena.rating.prior import Anchor
from arena.rating.ratings import Ratings
from arena.rating.record import Record, record
from arena.rating.results import Result
from arena.rating.scale import Estimate
from arena.rating.tally import Tally

SURE = 0.01
"""Below this p-value of the G-test a table warns."""


@dataclass(frozen=True, slots=True)
class Rating:
    """Where an agent stands."""

    elo: Estimate
    place: int
    """The best place it may hold; agents that 95% intervals cannot tell apart share one."""
    worst: int
    """The worst place it may hold."""
    superiority: float | None
    """The probability that it is better than the agent of the next row, in [0, 1]; None in the last row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One agent."""

    agent: str
    rating: Rating | None
    """None when all its matches were void, or when there is nobody to compare it with."""
    record: Record


@dataclass(frozen=True, eq=False)
class Standings:
    """A table with what is needed to judge it."""

    game: str | None
    """None over all games."""
    rows: tuple[Row, ...]
    """The best first; agents without a rating last."""
    fit: BradleyTerry | PlackettLuce | None
    """The model behind the rows, with what seats are worth; None when there was nothing to compare."""
    circles: GTest | None
    """Whether results go in circles; None unless Bradley–Terry was fitted."""
    crosstable: Crosstable
    connectivity: Connectivity
    matches: int
    """Rated ones."""
    voids: int

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before trusting the order; sentences for people."""
        lines = list(self.connectivity.warnings)
        if self.fit is None:
            lines.insert(0, "nothing to rate: fewer than two agents have a match that is not void")
        skewed = [row.agent for row in self.rows if row.record.is_skewed]
        if skewed:
            lines.append(
                f"seats are out of balance for {', '.join(skewed)}: part of the rating may be the seat"
            )
        if self.circles is not None and self.circles.p_value < SURE:
            lines.append(
                f"results go in circles (G-test p = {self.circles.p_value:.2g}): no ranking "
                "explains them; see the crosstable and Nash averaging"
            )
        return tuple(lines)


def standings(
    results: Sequence[Result], game: str | None = None, *, prior: float = WEAK, anchors: Sequence[Anchor] = ()
) -> Standings:
    """The table of one game, or over all games when none is named.

    Two-seat matches are rated by Bradley–Terry; one match of more seats makes it Plackett–Luce.

    Raises:
        ValueError: there is no result, only one agent, an unknown game, or an anchor that never played.
    """
    chosen = [result for result in results if game is None or result.game == game]
    if not chosen:
        games = ", ".join(sorted({repr(result.game) for result in results}))
        raise ValueError(
            f"no result of {game!r}; there are: {games}" if games else "no result: play matches first"
        )
    records = record(chosen)
    if len(records) < 2:
        raise ValueError(f"only {records[0].agent!r} played: a table compares two agents or more")
    rated = [result for result in chosen if not result.is_void]
    table = crosstable(rated)
    fit: BradleyTerry | PlackettLuce | None = None
    circles: GTest | None = None
    if len(table.agents) < 2:
        if anchors:
            raise ValueError(f"anchor {anchors[0].agent!r} has no rated match: play it against another agent")
    elif any(len(result.agents) > 2 for result in rated):
        fit = plackett_luce.fit(rated, prior=prior, anchors=anchors)
    else:
        counted = Tally(rated).games()
        fit = bradley_terry.fit(counted, prior=prior, anchors=anchors)
        circles = g_test(counted, fit)
    return Standings(
        game=game,
        rows=_rows(records, None if fit is None else fit.ratings),
        fit=fit,
        circles=circles,
        crosstable=table,
        connectivity=connectivity(table),
        matches=len(rated),
        voids=len(chosen) - len(rated),
    )


def tables(
    results: Sequence[Result], *, prior: float = WEAK, anchors: Sequence[Anchor] = ()
) -> tuple[Standings, ...]:
    """One table over all games, then one a game when there are several.

    A game's table is anchored by the anchors that played it.

    Raises:
        ValueError: as `standings` over all games.
    """
    overall = standings(results, prior=prior, anchors=anchors)
    games = sorted({result.game for result in results})
    if len(games) < 2:
        return (overall,)
    each = []
    for game in games:
        chosen = [result for result in results if result.game == game]
        if len({agent for result in chosen for agent in result.agents}) < 2:
            continue
        present = {agent for result in chosen if not result.is_void for agent in result.agents}
        here = [anchor for anchor in anchors if anchor.agent in present]
        each.append(standings(chosen, game, prior=prior, anchors=here))
    return (overall, *each)


def _rows(records: Sequence[Record], ratings: Ratings | None) -> tuple[Row, ...]:
    if ratings is None:
        return tuple(Row(record.agent, None, record) for record in records)
    of = {record.agent: record for record in records}
    places = dict(zip(ratings.agents, ratings.places(), strict=True))
    estimates = {agent: ratings.of(agent) for agent in ratings.agents}
    order = sorted(ratings.agents, key=lambda agent: (-estimates[agent].elo, agent))
    rows = []
    for agent, following in zip(order, [*order[1:], None], strict=True):
        best, worst = places[agent]
        ahead = None if following is None else ratings.difference(agent, following).superiority
        rows.append(Row(agent, Rating(estimates[agent], best, worst, ahead), of[agent]))
    unrated = [Row(record.agent, None, record) for record in records if record.agent not in places]
    return (*rows, *unrated)
