"""What a meeting of agents plays: `Contest`."""

from collections.abc import Sequence
from dataclasses import dataclass

from arena.load import LoadedGame
from arena.seeding import derive
from arena.tournament.fixture import Fixture
from arena.tournament.openings import Openings


@dataclass(frozen=True)
class Contest:
    """The games of a tournament and where their luck comes from.

    Scenario number k of a game has a seed and an opening that depend on `seed` and k only: other agents,
    or another format, meet the same scenarios in the same order.
    """

    games: tuple[LoadedGame, ...]
    seed: int = 0
    pairs: int = 1
    """Scenarios of each game in one meeting; each is played once in every rotation of the seats."""
    openings: Openings | None = None
    """For every game that has the option that they set."""
    duplicate: bool = False
    """All meetings of a round have the same scenarios, as in duplicate bridge; otherwise each has its own."""

    def fixture(
        self, game: int, agents: Sequence[str], scenario: int, leg: int, *, number: int, pair: int, round: int
    ) -> Fixture:
        """A match of game number `game`; in leg 0 the agents sit in the order of the seats."""
        loaded = self.games[game]
        options = dict(loaded.options)
        if self.openings is not None and self.openings.option in options:
            options[self.openings.option] = self.openings.value(self.seed, scenario)
        seats = dict(zip(loaded.game.seats, [*agents[leg:], *agents[:leg]], strict=True))
        seed = derive(self.seed, "scenario", game, scenario)
        return Fixture(loaded.name, options, seats, seed, number, round=round, pair=pair)

    def meeting(self, one: str, other: str, *, index: int, round: int) -> tuple[Fixture, ...]:
        """Mirrored pairs of two agents: `pairs` of each game, the games in turn.

        `index` counts the meetings of the tournament, from 0.
        """
        fixtures = []
        for drawn in range(self.pairs):
            scenario = (round if self.duplicate else index) * self.pairs + drawn
            for game in range(len(self.games)):
                pair = (index * self.pairs + drawn) * len(self.games) + game
                fixtures += [
                    self.fixture(
                        game, (one, other), scenario, leg, number=2 * pair + leg, pair=pair, round=round
                    )
                    for leg in range(2)
                ]
        return tuple(fixtures)

    @property
    def pairs_per_meeting(self) -> int:
        """How many mirrored pairs a meeting has."""
        return self.pairs * len(self.games)
