import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena import load
from arena.agent import Agent
from arena.specs import Spec

from .plugins import ECHO, NIM, message, write


@pytest.fixture
def nim(tmp_path) -> Path:
    return write(tmp_path / "nim.py", NIM)


@pytest.fixture
def echo(tmp_path) -> Path:
    return write(tmp_path / "echo.py", ECHO)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("heaps=12", 12),
        ("heaps=-1", -1),
        ("share=0.25", 0.25),
        ("share=1", 1.0),
        ("share=1e-3", 0.001),
        ("loud=true", True),
        ("loud=Yes", True),
        ("loud=1", True),
        ("loud=no", False),
        ("loud=0", False),
        ('title="a, b"', "a, b"),
        ("title=", ""),
        ("level=high", "high"),
        ("limit=5", 5),
        ("limit=none", None),
        ("names=x+y+z", ("x", "y", "z")),
        ("names=", ()),
        ("sizes=3+4", (3, 4)),
        ("mode=MISERE", "misère"),
        ("mode=misère", "misère"),
        ("folder=a/b", "a/b"),
        ("depth=9", 9),
        ("either=3", 3),
        ("either=three", "three"),
    ],
)
def test_options_are_read_as_their_field_says(nim, text, value):
    loaded = load.game(f"{nim},{text}")
    name = text.partition("=")[0]
    recorded = list(value) if isinstance(value, tuple) else value
    assert loaded.options[name] == recorded
    assert type(loaded.options[name]) is type(recorded)
    assert isinstance(getattr(loaded.game, name), type(value)) or name in ("mode", "folder")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("heaps=many", "option heaps: expected int, was given 'many'."),
        ("heaps=1.5", "option heaps: expected int, was given '1.5'."),
        ("heaps=none", "option heaps: expected int, was given 'none'."),
        ("share=x", "option share: expected float, was given 'x'."),
        ("share=nan", "option share: expected float, was given 'nan'."),
        ("share=inf", "option share: expected float, was given 'inf'."),
        ("loud=maybe", "option loud: expected true or false, was given 'maybe'."),
        ("level=mid", "option level: expected 'low' or 'high', was given 'mid'."),
        ("limit=x", "option limit: expected int or none, was given 'x'."),
        ("sizes=1+2+3", "option sizes: expected int+int, was given '1+2+3'."),
        ("sizes=1+x", "option sizes: expected int+int, was given '1+x'."),
        ("mode=odd", "option mode: expected NORMAL or MISERE, was given 'odd'."),
        ("depth=0", "option depth: expected int >= 1 <= 9, was given '0'."),
        ("heaps=101", "heaps is too large: at most 100"),
    ],
)
def test_a_wrong_value_says_what_was_given_and_what_was_expected(nim, text, expected):
    assert message(load.game, f"{nim},{text}").endswith(expected)


def test_an_error_of_the_class_about_a_value_is_shown_as_it_is(nim):
    assert message(load.game, f"{nim},heaps=101") == "heaps is too large: at most 100"


def test_an_unknown_option_lists_the_options_with_types_and_defaults(nim):
    first, second = message(load.game, f"{nim},heap=3").splitlines()
    assert first == f"{nim} has no option 'heap'; did you mean 'heaps'?"
    assert second.startswith("Its options: heaps: int = 3, share: float = 0.5, loud: true or false = false")
    assert "level: 'low' or 'high' = 'low'" in second
    assert "limit: int or none = none" in second
    assert message(load.game, "tic_tac_toe,x=1").endswith("\nIt takes no options.")


def test_a_missing_option_says_how_to_write_it(tmp_path):
    file = write(tmp_path / "nim.py", NIM.replace("heaps: int = 3", "heaps: int"))
    assert message(load.game, str(file)) == f"{file} needs the option heaps (int): write {file},heaps=VALUE"


def test_a_key_as_an_option_of_an_agent_is_refused_and_never_shown(tmp_path, echo):
    for spec in (
        "random,api_key=hunter2",
        "openai/x,api_key=hunter2",
        "openai/x,key_env=sk-hunter2",
        f"{echo}/x,url=http://me:hunter2@a",
    ):
        text = message(load.agent, spec)
        assert "key_env" in text or "environment variable" in text
        assert "hunter2" not in text


def test_an_agent_class_with_a_field_for_a_key_is_refused(echo):
    echo.write_text(ECHO.replace("depth: int = 1", "api_key: str = ''"))
    assert "Echo has an option 'api_key': keys are never typed" in message(load.agent, f"{echo}/x@http://a")


@dataclass(frozen=True)
class Hidden(Agent):
    """Has fields that are no options."""

    depth: int = 1
    _cache: int = 0
    client: object = field(default=None, compare=False)
    made: int = field(default=0, init=False)

    async def act(self, turn):
        raise NotImplementedError


def test_only_what_makes_an_agent_another_is_recorded():
    assert load.options_of(Hidden(name="x", depth=2, client=object())) == {"depth": 2}
    assert [slot.name for slot in load.slots_of(Hidden)] == ["depth", "name"]


@dataclass(frozen=True)
class Odd(Hidden):
    """Has an option that JSON cannot hold."""

    it: object = object


def test_an_option_without_a_json_form_is_told():
    assert "Odd: an option cannot be recorded" in message(load.options_of, Odd())


def test_a_digest_follows_class_version_and_options_only():
    digest = load.digest(load.agent("minimax,depth=2"))
    assert len(digest) == 16 and int(digest, 16) >= 0
    assert load.digest(load.agent("minimax,name=other,depth=2")) == digest
    assert load.digest(load.agent("minimax,depth=3")) != digest
    assert load.digest(load.agent("random")) != load.digest(load.agent("greedy"))


def test_the_digest_of_a_file_follows_its_content_and_not_its_place(nim, tmp_path):
    digest = load.digest(load.game(str(nim)).game)
    copy = write(tmp_path / "copy" / "nim.py", NIM)
    assert load.digest(load.game(str(copy)).game) == digest
    copy.write_text(nim.read_text() + "\n# changed\n")
    os.utime(copy, ns=(1, 1))
    assert load.digest(load.game(str(copy)).game) != digest


def test_a_digest_follows_the_version_of_the_rules(tmp_path, nim):
    game = load.game(str(nim)).game
    digest = load.digest(game)
    type(game).version = 2
    assert load.digest(game) != digest


@given(st.integers(1, 10**6))
def test_what_was_recorded_loads_the_same_game_again(rounds):
    loaded = load.game(f"rock_paper_scissors,rounds={rounds % 1000 + 1}")
    options = tuple((name, str(value)) for name, value in loaded.options.items())
    assert load.game(str(Spec(loaded.name, options=options))) == loaded
