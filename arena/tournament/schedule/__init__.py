"""Which matches a tournament consists of, as lazy pure functions of what was asked for.

A `Schedule` gives its fixtures in batches; a batch may depend on the results of the batches before it and on
nothing else. So a tournament that was killed is taken up again by asking for the same batches and leaving
out what has been played, and the order in which matches end never matters. The fixed formats are one long
batch with random access; the others draw a new batch from the results so far.
"""

from .contest import Contest
from .fixed import Fixed, Fixtures, gauntlet, round_robin
from .knockout import Knockout
from .ladder import Ladder
from .league import League, Weighting
from .played import Meeting, Played, leading, meetings, pairs
from .schedule import Schedule
from .swiss import Standing, Swiss

__all__ = [
    "Contest",
    "Fixed",
    "Fixtures",
    "Knockout",
    "Ladder",
    "League",
    "Meeting",
    "Played",
    "Schedule",
    "Standing",
    "Swiss",
    "Weighting",
    "gauntlet",
    "leading",
    "meetings",
    "pairs",
    "round_robin",
]
