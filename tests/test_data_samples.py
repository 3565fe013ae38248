"""Replies as they were given: taken from replays, and found in them again."""

import json
from dataclasses import dataclass

import msgspec
import pytest

from arena.agent import Agent, Message, Reply, Turn
from arena.data.formats.record import meta
from arena.data.row import Label
from arena.data.sample import Sample, by_match, digest, samples
from arena.data.schemes.siblings import siblings
from arena.data.source import Source
from arena.events import Line, Started
from arena.match import describe, play
from arena.replay.archive import find
from arena.replay.replay import Replay, parse
from arena.replay.run import Run, RunSettings

from .sampled import reply
from .tiny import Calls, Count, Match2, Plays, gone


@dataclass(frozen=True)
class Talker(Agent):
    """Remembers what it was asked; at odd plies its first answer is illegal and its second cut off."""

    async def act(self, turn: Turn) -> Reply:
        said = [one for earlier in turn.history for one in (*earlier.messages[1:],)]
        messages = (Message("system", turn.rules), *said, Message("user", turn.observation + turn.complaint))
        if turn.ply % 2 and turn.attempt == 1:
            return Reply(fault="truncated", text="well, …", messages=messages)
        move = "9" if turn.ply % 2 and turn.attempt == 0 else "1"
        return Reply(move, text=f"I say {move}", thinking="hm" if turn.ply else "", messages=messages)


@dataclass(frozen=True)
class Draws(Agent):
    """Answers with any digit."""

    async def act(self, turn: Turn) -> Reply:
        digit = str(turn.seed % 10)
        return Reply(digit, text=f"{turn.seat} says {digit}", messages=(Message("user", turn.observation),))


async def played(game, agents: dict[str, Agent], seed: int = 5) -> Replay:
    events: list[Line] = []
    await play(game, agents, started=describe(game, agents, seed=seed, match_id="m"), record=events.append)
    return Replay(tuple(events))


async def talked() -> Replay:
    return await played(Count(4), {"a": Talker(name="one"), "b": Talker(name="two")})


async def test_every_reply_is_found_again_by_its_id_with_the_messages_that_were_sent():
    replay = await talked()
    again = parse(replay.raw(), "here")
    calls = {f"m:{call.reply.ply}:{call.reply.seat}:{call.reply.attempt}": call for call in again.calls()}
    found = list(samples(replay))
    assert [sample.id for sample in found] == list(calls)
    for sample in found:
        call = calls[sample.id]
        assert sample.messages == call.messages == again.prompt(call.reply)
        assert (sample.text, sample.thinking) == (call.reply.text, call.reply.thinking)


async def test_the_replies_of_a_pair_are_found_again_in_the_replays_of_a_run(tmp_path):
    agents: dict[str, Agent] = {seat: Draws(name=seat) for seat in "pqr"}
    with Run.create(tmp_path, "run", RunSettings()) as run:
        for seed in range(20):
            journal = run.journal(f"match-{seed}")
            started = describe(Match2(), agents, seed=seed, match_id=f"match-{seed}", name="match2")
            await play(Match2(), agents, started=started, record=journal.record)
            run.seal(journal)
    rows = list(siblings(Source((tmp_path / "run",))))
    assert rows
    for row in rows:
        for sample in (row.chosen, row.rejected):
            replay = find(tmp_path, sample.match).load()
            [call] = [
                one for one in replay.calls() if (one.reply.ply, one.reply.seat) == (sample.ply, sample.seat)
            ]
            assert (call.messages, call.reply.text) == (sample.messages, sample.text)


async def test_refused_replies_say_why_and_have_no_move():
    refused = [(one.ply, one.attempt, one.fault, one.move) for one in samples(await talked()) if one.fault]
    assert refused == [
        (1, 0, "illegal", ""),
        (1, 1, "truncated", ""),
        (3, 0, "illegal", ""),
        (3, 1, "truncated", ""),
    ]


async def test_turns_count_the_played_replies_of_the_seat():
    found = [one for one in samples(await talked()) if one.fault is None]
    assert [(one.seat, one.turn, one.turns) for one in found] == [
        ("a", 0, 2),
        ("b", 0, 2),
        ("a", 1, 2),
        ("b", 1, 2),
    ]
    assert {one.seat: (one.payoff, one.opponents) for one in found} == {
        "a": (-1.0, ("two",)),
        "b": (1.0, ("one",)),
    }


async def test_a_void_match_gives_none():
    replay = await played(Count(4), {"a": Talker(), "b": Plays((gone(),))})
    assert replay.ended is not None and replay.ended.kind == "void"
    assert any(True for call in replay.calls() if call.messages)
    assert list(samples(replay)) == []


async def test_a_match_that_is_being_played_gives_none():
    replay = await talked()
    assert list(samples(Replay(replay.events[:-1]))) == []


async def test_agents_that_were_sent_no_messages_give_none():
    assert list(samples(await played(Count(4), {"a": Calls(), "b": Calls()}))) == []


async def test_seats_that_move_at_once_have_their_own_payoffs():
    found = list(samples(await played(Match2(), {seat: Talker() for seat in "pqr"})))
    kept = [one for one in found if one.fault is None]
    assert [one.seat for one in kept] == ["p", "q", "r"]
    assert len({one.prompt for one in kept if one.attempt == 0}) == 1


async def test_a_reply_names_the_chat_template_of_its_agent_and_so_does_its_row():
    class Templated(Talker):
        def template(self) -> str:
            return "f00d"

    found = list(samples(await played(Count(4), {"a": Templated(name="one"), "b": Talker(name="two")})))
    assert {(one.agent, one.template) for one in found} == {("one", "f00d"), ("two", "")}
    metas = {one.agent: json.loads(meta(Label(one, True, "form"), "train")) for one in found}
    assert metas["one"]["template"] == "f00d" and "template" not in metas["two"]


async def test_a_fork_names_its_parent_and_the_seed_it_came_from():
    replay = await talked()
    started = msgspec.structs.replace(replay.started, seed=99)
    raw = Replay((started, *replay.events[1:])).raw()
    parent = b'{"t":"match","parent":{"id":"x","ply":2,"seed":5},'
    forked = parse(raw.replace(b'{"t":"match",', parent, 1), "here")
    assert isinstance(forked.events[0], Started)
    assert {(one.parent, one.seed) for one in samples(forked)} == {(("x", 2), 5)}


def test_a_prompt_is_named_by_its_messages_and_game_alone():
    one = reply("m", state="s")
    assert one.prompt == reply("n", state="s", move="2", payoff=-1, seed=9, agent="other").prompt
    assert one.prompt != reply("m", state="t").prompt
    assert one.prompt != reply("m", state="s", game="other").prompt


def test_where_one_text_ends_decides_the_digest():
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest("\ud800")) == 16


@pytest.mark.parametrize(("seat", "role"), [("solver.3", "solver"), ("white", "white")])
def test_a_role_is_a_seat_without_its_number(seat, role):
    assert reply(seat=seat).role == role


@pytest.mark.parametrize(
    ("thinking", "text", "kept"),
    [
        ("hm", "keep", "<think>\nhm\n</think>\nI play 1."),
        ("hm", "drop", "I play 1."),
        ("", "keep", "I play 1."),
        ("", "require", None),
        ("hm", "require", "<think>\nhm\n</think>\nI play 1."),
    ],
)
def test_thinking_is_kept_dropped_or_required(thinking, text, kept):
    assert reply(thinking=thinking).completion(text) == kept


def test_matches_are_given_one_after_the_other():
    found = [reply("a"), reply("a", ply=1), reply("b")]
    assert list(by_match(found)) == [found[:2], found[2:]]
    assert list(by_match(list[Sample]())) == []
