"""What a role gets on the average, taken from its rewards: `RoleBaseline`."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from arena.data.baseline import Averages

_FILE = "baseline.json"


class RoleBaseline:
    """A moving average for each game and role, beginning at 0; see `Averages`.

    What differs from SPIRAL: TRL takes the mean of a group away as well, so a group should hold every role.
    """

    def __init__(self) -> None:
        self._averages = Averages[str]()

    @property
    def averages(self) -> dict[str, float]:
        """By game and role."""
        return self._averages.values

    def centred(self, rewards: Iterable[tuple[str, str, float | None]]) -> list[float | None]:
        """The advantages of rewards (game, role, reward), in order; None stays None."""
        return [
            None if reward is None else self._averages.advantage(f"{game}/{role}", reward)
            for game, role, reward in rewards
        ]

    def save(self, folder: Path) -> None:
        """Write the averages beside a resting point."""
        (folder / _FILE).write_bytes(msgspec.json.encode(self.averages))

    def restore(self, folder: Path) -> None:
        """Go on with the averages of a resting point; none there leaves them as they are."""
        if (folder / _FILE).is_file():
            self._averages.values = msgspec.json.decode((folder / _FILE).read_bytes(), type=dict[str, float])
