"""A model that is told the right answer where it finds none; rows hold the question without it."""

import json
from dataclasses import dataclass, field

import pytest

from agents.hinted import TOLD, Hinted
from arena import load
from arena.agent import Agent, Message, Reply, Turn, Usage
from arena.data.sample import samples
from arena.match import describe, play
from arena.replay.replay import Replay

EXAM = "propose_solve,tasks=training,solvers=2,family=arithmetic,difficulty=1,work=0"


@dataclass(frozen=True)
class Guesses(Agent):
    """Answers 99999, or if it is shown a right answer that one; `copies` says whether it understands."""

    copies: bool = True
    seen: list[Turn] = field(default_factory=list, compare=False)

    async def act(self, turn: Turn) -> Reply:
        self.seen.append(turn)
        shown = turn.observation.partition("This answer is right: ")[2].partition("\n")[0]
        move = shown if shown and self.copies else json.dumps({"answer": "99999"})
        usage = Usage(input=10, output=2, seconds=0.5, finish="stop")
        return Reply(move, text=move, messages=(Message("user", turn.observation),), usage=usage)


def hinted(engine: Agent) -> Hinted:
    made = Hinted(target="x", name="one")
    vars(made)["_engine"] = engine
    object.__setattr__(made, "options", lambda: {"cheats": True})
    return made


async def exam(engine: Guesses) -> Replay:
    game = load.game(EXAM).game
    events: list = []
    agents = dict.fromkeys(game.seats, hinted(engine))
    await play(game, agents, started=describe(game, agents, seed=3), record=events.append)
    return Replay(tuple(events))


async def test_a_reply_after_the_answer_was_told_stands_after_the_question_without_it():
    engine = Guesses()
    replay = await exam(engine)
    assert replay.ended.payoff == {"solver.1": 1.0, "solver.2": 1.0}
    for call in replay.calls():
        assert "This answer is right" not in call.messages[-1].content
        assert call.reply.usage.notes == (TOLD,)
        assert (call.reply.usage.input, call.reply.usage.output, call.reply.usage.seconds) == (20, 4, 1.0)
    assert all(turn.position is None for turn in engine.seen), "the model itself sees what a seat may see"
    assert {sample.move for sample in samples(replay)} == {
        engine.seen[-1].observation.split("right: ")[1].split("\n")[0]
    }


async def test_who_cannot_say_it_even_then_keeps_the_first_answer():
    replay = await exam(Guesses(copies=False))
    assert replay.ended.payoff == {"solver.1": -1.0, "solver.2": -1.0}
    assert all(TOLD not in call.reply.usage.notes and call.reply.usage.output == 4 for call in replay.calls())


async def test_a_right_answer_is_asked_for_once():
    game = load.game(EXAM).game
    events: list = []
    knows = load.agent("oracle")
    await play(game, dict.fromkeys(game.seats, knows), started=None, record=events.append)
    right = Replay(tuple(events)).moves()[-2].move

    @dataclass(frozen=True)
    class Knows(Guesses):
        async def act(self, turn: Turn) -> Reply:
            return await super().act(turn) if self.seen else Reply(right, text=right)

    engine = Knows()
    agents = dict.fromkeys(game.seats, hinted(engine))
    await play(game, agents, started=describe(game, agents, seed=0), record=lambda event: None)
    assert engine.seen == []


def test_games_without_tasks_are_refused():
    with pytest.raises(ValueError, match="it has no tasks with answers"):
        hinted(Guesses()).suits(load.game("kuhn_poker").game)
