"""The agent that answers as a recorded match did."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest

from agents.replay import agent as FromReplay
from arena import load
from arena.agent import Agent, AgentUnavailable, Candidate, Message, Reply, Turn, Usage
from arena.events import Ended, Line, Replied, decode_all, encode
from arena.match import describe, play
from arena.replay.manifest import RunSettings
from arena.replay.run import Run

from .tiny import Count, Match2


@dataclass(frozen=True)
class Talker(Agent):
    """Answers at length; on every second ply illegally first, then not at all, then well."""

    async def act(self, turn: Turn) -> Reply:
        messages = (Message("system", turn.rules), Message("user", f"{turn.observation} {turn.complaint}"))
        usage = Usage(input=11, output=7, cost=0.5)
        if turn.ply % 2 and turn.attempt == 1:
            return Reply(fault="truncated", detail="cut", text="well, …", messages=messages, usage=usage)
        move = "9" if turn.ply % 2 and turn.attempt == 0 else "1"
        chosen = Candidate(move, f"say {move}", 0.9, "logprobs")
        return Reply(
            move,
            text=f"I say {move}",
            thinking="hm",
            messages=messages,
            usage=usage,
            candidates=(chosen,),
        )


async def played(game, agents: dict[str, Agent], match: str = "m", seed: int = 5) -> list[Line]:
    events: list[Line] = []
    started = describe(game, agents, seed=seed, match_id=match)
    await play(game, agents, started=started, record=events.append)
    return events


def store(path: Path, events: list[Line]) -> Path:
    path.write_bytes(b"".join(map(encode, events)))
    return path


def replies(events: list[Line]) -> list[Replied]:
    return [msgspec.structs.replace(event, usage=None) for event in events if isinstance(event, Replied)]


def end_of(events: list[Line]) -> Ended:
    assert isinstance(events[-1], Ended)
    return events[-1]


@pytest.fixture
async def recorded(tmp_path):
    """A finished match between two talkers, in a file of lines."""
    events = await played(Count(4), {"a": Talker(), "b": Talker()})
    assert end_of(events).kind == "rules"
    return store(tmp_path / "m.jsonl", events)


async def test_a_replayed_match_is_the_recorded_one_but_for_the_cost(recorded):
    first = decode_all(recorded.read_bytes())
    again = await played(
        Count(4), {seat: FromReplay(f"{recorded}:{seat}") for seat in ("a", "b")}, match="again"
    )
    assert [e for e in again[1:] if not isinstance(e, Replied)] == [
        e for e in first[1:] if not isinstance(e, Replied)
    ]
    assert replies(again) == replies(first)
    assert {e.usage for e in again if isinstance(e, Replied)} == {Usage()}
    assert any(e.fault == "truncated" for e in again if isinstance(e, Replied))


async def test_one_seat_may_be_replayed_against_another_agent(recorded):
    events = await played(Count(4), {"a": FromReplay(f"{recorded}:a"), "b": Talker()})
    assert end_of(events).kind == "rules"


async def test_a_match_that_takes_another_course_is_void_and_says_at_which_ply(recorded):
    @dataclass(frozen=True)
    class Two(Agent):
        async def act(self, turn: Turn) -> Reply:
            return Reply("2")

    events = await played(Count(9), {"a": FromReplay(f"{recorded}:a"), "b": Two()})
    assert end_of(events).kind == "void"
    assert "m.jsonl:a saw something else at ply 2" in end_of(events).reason


async def test_a_match_that_goes_on_longer_is_void(recorded):
    events = await played(Count(9), {seat: FromReplay(f"{recorded}:{seat}") for seat in ("a", "b")})
    assert "m.jsonl:a was not asked at ply 4, attempt 0" in end_of(events).reason


async def test_a_record_that_stops_before_the_answer_says_so(recorded):
    events = decode_all(recorded.read_bytes())
    cut = events.index(next(e for e in events if isinstance(e, Replied) and e.ply == 2))
    short = store(recorded.with_name("short.jsonl"), events[:cut])
    again = await played(Count(4), {"a": FromReplay(f"{short}:a"), "b": Talker()})
    assert "stops before its answer at ply 2" in end_of(again).reason


async def test_seats_that_moved_at_once_are_replayed_too(tmp_path):
    @dataclass(frozen=True)
    class Digit(Agent):
        async def act(self, turn: Turn) -> Reply:
            return Reply(str(turn.seed % 10))

    seats = ("p", "q", "r")
    first = await played(Match2(), dict.fromkeys(seats, Digit()))
    path = store(tmp_path / "m.jsonl", first)
    again = await played(Match2(), {seat: FromReplay(f"{path}:{seat}") for seat in seats})
    assert again[1:] == first[1:]


async def test_a_match_of_a_run_is_found_by_the_beginning_of_its_id(tmp_path):
    with Run.create(tmp_path / "runs", "cup", RunSettings()) as run:
        journal = run.journal("match-7")
        agents = {"a": Talker(), "b": Talker()}
        started = describe(Count(4), agents, match_id="match-7")
        await play(Count(4), agents, started=started, record=journal.record)
        run.seal(journal)
    for target in ("match-7:b", "mat:b", "cup/match-7:b"):
        agent = FromReplay(target, root=str(tmp_path / "runs"))
        await agent.ready()
        events = await played(Count(4), {"a": Talker(), "b": agent})
        assert end_of(events).kind == "rules"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nothing.jsonl:a", "cannot be read: .*No such file"),
        ("{recorded}:c", "no seat 'c', its seats: a, b"),
        ("nowhere:a", "no match 'nowhere'"),
        ("a b:a", "is no match id"),
    ],
)
async def test_what_cannot_be_replayed_is_said_before_the_match(recorded, tmp_path, target, reason):
    agent = FromReplay(target.replace("{recorded}", str(recorded)), root=str(tmp_path))
    with pytest.raises(AgentUnavailable, match=reason):
        await agent.ready()


async def test_a_damaged_file_is_unavailable_not_a_crash(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b'{"t":"moved"}\n')
    with pytest.raises(AgentUnavailable, match=r"bad\.jsonl, line 1"):
        await FromReplay(f"{path}:a").ready()


@pytest.mark.parametrize("target", ["", "m", ":white", "m:"])
def test_a_target_without_match_or_seat_is_refused(target):
    with pytest.raises(ValueError, match="expected a match and a seat, such as replay/ID:white"):
        FromReplay(target)


async def test_specifiers_name_the_match_and_the_seat(recorded):
    agent = load.agent(f"replay/{recorded}:a")
    await agent.ready()
    assert agent.options() == {"target": f"{recorded}:a", "root": "replays"}
    with pytest.raises(load.LoadError, match="expected a match and a seat"):
        load.agent("replay/m")


async def test_the_recorded_game_may_be_read_again_after_a_failure(recorded):
    agent = FromReplay(f"{recorded}:a")
    kept = recorded.read_bytes()
    recorded.unlink()
    with pytest.raises(AgentUnavailable):
        await agent.ready()
    recorded.write_bytes(kept)
    await agent.ready()
    assert replace(agent, name="x").target == agent.target
