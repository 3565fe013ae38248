"""Forks ask the same question again, and compare answers under the same luck."""

from dataclasses import dataclass, field

import pytest

from arena.agent import Agent, Message, Reply, Turn
from arena.events import Line, Moved
from arena.match import describe, play, verify
from arena.replay.archive import entries, load
from arena.replay.replay import Replay
from arena.replay.run import Run, RunSettings
from arena.tournament.fork import Branch, branches, decision, fork
from arena.tournament.runner import Runner

from .tiny import Count, Match2


@dataclass(frozen=True)
class Talks(Agent):
    """Sends its whole conversation each time, as ``context=chat`` does."""

    seen: list[Turn] = field(default_factory=list, compare=False)

    async def act(self, turn: Turn) -> Reply:
        self.seen.append(turn)
        said = [
            part for past in turn.history for part in (past.messages[-1], Message("assistant", past.text))
        ]
        messages = (*said, Message("user", turn.observation))
        move = str(turn.seed % 2 + 1)
        return Reply(move, text=f"I say {move}", messages=messages)


async def recorded(game, agents, seed=3):
    events: list[Line] = []
    header = describe(game, agents, seed=seed, name="tests.tiny:Count", match_id="parent")
    await play(game, agents, started=header, record=events.append)
    return Replay(tuple(events))


async def forked(tmp_path, replay, game, agents, ply, replies, playouts):
    at = decision(replay, ply)
    plan = fork(at, agents, replies=replies, playouts=playouts)
    with Run.create(tmp_path, "fork", RunSettings()) as run:
        runner = Runner(run, lambda fixture: game, plan.agents, concurrency=4)
        await runner.play(plan.fixtures, at.past)
    return at, [load(tmp_path / "fork", entry) for entry in entries(tmp_path / "fork")]


async def test_a_fork_asks_the_same_question_of_an_agent_that_keeps_up_a_conversation(tmp_path):
    game = Count(12)
    replay = await recorded(game, {"a": Talks(name="t"), "b": Talks(name="t")})
    asked = next(call for call in replay.calls() if call.reply.ply == 4)
    _, forks = await forked(tmp_path, replay, game, {"a": Talks(name="t"), "b": Talks(name="t")}, 4, 2, 2)
    for again in forks:
        first = next(call for call in again.calls() if call.reply.ply == 4)
        assert first.messages == asked.messages
        assert await verify(game, again.events) is None


async def test_playouts_of_different_answers_have_the_same_luck(tmp_path):
    game = Count(12)
    replay = await recorded(game, {"a": Talks(name="t"), "b": Talks(name="t")})
    watchers = {"a": Talks(name="t"), "b": Talks(name="t")}
    await forked(tmp_path, replay, game, watchers, 2, 3, 2)
    seeds: dict[int, set[int]] = {}
    for turn in watchers["b"].seen:
        seeds.setdefault(turn.ply, set()).add(turn.seed)
    assert len(seeds[3]) == 2, "one for each playout, whatever the answer"


async def test_natures_past_is_kept_and_its_future_drawn_anew(tmp_path):
    game = Match2()
    replay = await recorded(game, {seat: Talks(name="t") for seat in "pqr"})
    drawn = replay.moves()[0].move
    _, forks = await forked(tmp_path, replay, game, {seat: Talks(name="t") for seat in "pqr"}, 2, 2, 2)
    assert {again.moves()[0].move for again in forks} == {drawn}
    assert {again.moves()[1].move for again in forks} == {replay.moves()[1].move}


async def test_branches_are_the_moves_with_their_payoffs_best_first(tmp_path):
    game = Count(12)
    replay = await recorded(game, {"a": Talks(name="t"), "b": Talks(name="t")})
    at, forks = await forked(tmp_path, replay, game, {"a": Talks(name="t"), "b": Talks(name="t")}, 0, 6, 3)
    found = branches(at, iter([again.events for again in forks]))
    assert {branch.move for branch in found} == {"1", "2"}
    assert sum(len(branch.payoffs) for branch in found) == 18
    assert [branch.mean for branch in found] == sorted((b.mean for b in found), reverse=True)
    assert Branch("x", ()).mean is None
    assert Branch("x", (1.0,)).error is None


async def test_a_ply_where_nobody_chose_is_refused_with_those_where_somebody_did():
    game = Count(3)
    replay = await recorded(game, {"a": Talks(name="t"), "b": Talks(name="t")})
    plies = [event.ply for event in replay.events if isinstance(event, Moved)]
    with pytest.raises(ValueError, match=f"decisions stand at {plies[0]}"):
        decision(replay, 99)
