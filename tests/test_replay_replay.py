"""Events, prompts and replays in memory."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.agent import Candidate, Exchange, Message, Usage
from arena.events import (
    Asked,
    Ended,
    Fouled,
    Moved,
    Parent,
    Replied,
    Seated,
    Started,
    decode,
    decode_all,
    encode,
    fold,
    unfold,
)
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.replay import Replay, parse
from tests.recorded import HOSTILE, chat, ended, short, started

numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**62)
maybe_counts = st.none() | counts
texts = st.text(max_size=30)
values = st.recursive(
    st.none() | st.booleans() | counts | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
options = st.dictionaries(texts, values, max_size=3)
faults = st.sampled_from(["illegal", "unparsable", "empty", "truncated"])
messages = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts)
usages = st.builds(
    Usage,
    maybe_counts,
    maybe_counts,
    maybe_counts,
    maybe_counts,
    st.none() | numbers,
    numbers,
    numbers,
    texts,
)
candidates = st.builds(Candidate, texts, texts, st.none() | numbers, texts)
events = st.one_of(
    st.builds(
        Started,
        id=texts,
        options=options,
        seats=st.dictionaries(texts, st.builds(Seated, texts, texts, options), max_size=3),
        seed=counts,
        parent=st.none() | st.builds(Parent),
        version=counts,
        v=st.just(1),
    ),
    st.builds(Asked, counts, texts, texts, st.none() | texts, counts, texts, counts),
    st.builds(
        Replied,
        counts,
        texts,
        texts,
        counts,
        st.none() | faults,
        texts,
        texts,
        texts,
        counts,
        st.lists(messages, max_size=3).map(tuple),
        st.none() | usages,
        st.lists(candidates, max_size=2).map(tuple),
    ),
    st.builds(Fouled, counts, texts, faults, texts, texts, counts),
    st.builds(Moved, counts, texts, texts, texts),
    st.builds(
        Ended,
        st.dictionaries(texts, numbers, max_size=3),
        texts,
        st.sampled_from(["rules", "foul", "limit", "void"]),
        counts,
    ),
)


@given(events)
def test_an_event_survives_its_line(event):
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode(line) == event


@given(st.lists(events, max_size=6))
def test_lines_are_split_on_line_feeds_only(some):
    assert decode_all(b"".join(map(encode, some))) == some


def test_separators_that_unicode_calls_line_breaks_stay_inside_a_line():
    event = Moved(0, "x", "a1", HOSTILE)
    assert decode_all(encode(event) * 2) == [event, event]


def test_lone_surrogates_are_stored_as_replacement_characters():
    event = Replied(0, "x", text="a\ud800b", messages=(Message("user", "\ud83d\ude00 \udfff"),))
    stored = decode(encode(event))
    assert isinstance(stored, Replied)
    assert stored.text == "a\ufffdb"
    assert stored.messages == (Message("user", "\U0001f600 \ufffd"),)


@st.composite
def calls(draw):
    """Calls of one seat, whose messages often go on from the call before."""
    made = []
    sent = []
    for ply in range(draw(st.integers(1, 6))):
        sent = [*sent[: draw(st.integers(0, len(sent)))], *draw(st.lists(messages, max_size=3))]
        text = draw(texts)
        made.append(Exchange(ply, tuple(sent), text))
        sent = [*sent, Message("assistant", text)]
    return made


@given(calls())
def test_unfolding_gives_back_what_was_folded(made):
    earlier = None
    for call in made:
        kept, new = fold(earlier, call.messages)
        assert unfold(earlier, Replied(call.ply, "x", kept=kept, messages=new)) == call.messages
        earlier = call


def test_a_conversation_that_goes_on_is_stored_as_its_new_messages_only():
    first = Exchange(0, (Message("system", "rules"), Message("user", "move")), "e4")
    going_on = (*first.messages, Message("assistant", "e4"), Message("user", "again"))
    assert fold(first, going_on) == (3, (Message("user", "again"),))
    assert fold(None, going_on) == (0, going_on)
    assert fold(first, ()) == (0, ())


@given(calls(), calls())
def test_a_replay_gives_every_prompt_in_full(white, black):
    lines = [started("m")]
    wanted = []
    for seat, made in (("x", white), ("o", black)):
        earlier = None
        for call in made:
            kept, new = fold(earlier, call.messages)
            reply = Replied(call.ply, seat, text=call.text, kept=kept, messages=new)
            lines.append(reply)
            wanted.append((reply, call.messages))
            # like `match.play`: a call that sent nothing is not remembered
            earlier = call if call.messages else earlier
    replay = Replay(tuple(lines))
    assert list(replay.calls()) == wanted
    for reply, prompt in wanted:
        assert replay.prompt(reply) == prompt


def test_a_reply_that_keeps_more_than_there_was_is_refused():
    replay = Replay((started("m"), Replied(0, "x", kept=1)))
    with pytest.raises(ReplayError, match="keeps 1 messages, but its last call has 0"):
        list(replay.calls())


def test_a_reply_of_another_match_has_no_prompt_here():
    with pytest.raises(ReplayError, match="no reply of 'z' at ply 9"):
        Replay(tuple(chat("m"))).prompt(Replied(9, "z"))


def test_a_replay_knows_its_beginning_moves_and_end():
    replay = Replay(tuple(chat("m", 4)))
    assert replay.started.id == "m"
    assert [move.ply for move in replay.moves()] == [0, 1, 2, 3]
    assert replay.ended == ended(4)
    assert Replay(replay.events[:-1]).ended is None


def test_a_replay_is_read_back_from_its_lines():
    replay = Replay(tuple(chat("m")))
    assert parse(replay.raw(), "here") == replay


@pytest.mark.parametrize("lines", [b"", encode(Moved(0, "x", "a1", ""))])
def test_lines_that_do_not_begin_a_match_are_no_replay(lines):
    with pytest.raises(ReplayError, match=r"here: a replay begins with a `match` line"):
        parse(lines, "here")


def test_unknown_fields_are_ignored():
    line = b'{"t":"moved","ply":1,"seat":"x","move":"a1","board":"x","mood":{"calm":true}}\n'
    assert decode(line) == Moved(1, "x", "a1", "x")


@pytest.mark.parametrize("change", [{}, {"seed": "now a text"}, {"t": "begun"}])
def test_a_newer_format_is_refused_as_such(change):
    head = msgspec.json.decode(encode(started("m")))
    raw = msgspec.json.encode(head | {"v": 2} | change) + b"\n" + encode(ended(0))
    with pytest.raises(NewerFormat, match="here is written in format 2; this arena reads up to 1: upgrade"):
        parse(raw, "here")


@pytest.mark.parametrize("line", [b"{", b'{"t":"dance"}', b'{"t":"moved"}', b'"\xff"', b"\0\0\0"])
def test_a_bad_line_is_named_by_its_number(line):
    raw = encode(started("m")) + line + b"\n" + encode(ended(0))
    with pytest.raises(ReplayError, match=r"here, line 2: .*arena replays verify"):
        parse(raw, "here")


def test_matches_of_three_lines_are_replays():
    assert len(Replay(tuple(short("m"))).events) == 3
