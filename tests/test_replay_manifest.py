"""run.toml and the TOML writer."""

import subprocess
import tomllib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.replay import manifest, toml
from arena.replay.error import NewerFormat, ReplayError
from arena.replay.manifest import RunSettings
from arena.replay.run import Run

values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), values, max_size=5))
def test_what_is_written_as_toml_is_read_back(table):
    assert tomllib.loads(toml.dumps(table)) == table


def test_toml_reads_like_written_by_hand():
    table = {
        "name": "cup",
        "seed": 41,
        "settings": {"agents": ["random", "first"], "gone": None, "limits": {"max_cost": 2.5}},
        "when": date(2026, 11, 21),
    }
    assert toml.dumps(table) == (
        'name = "cup"\nseed = 41\nwhen = 2026-11-21\n\n'
        '[settings]\nagents = ["random", "first"]\n\n[settings.limits]\nmax_cost = 2.5\n'
    )


@pytest.mark.parametrize("table", [{"a": object()}, {"a": [None]}, {"a": b"x"}, {1: "x"}])
def test_values_without_a_form_in_toml_are_refused(table):
    with pytest.raises(TypeError, match="TOML"):
        toml.dumps(table)


def test_a_run_remembers_what_it_was_made_with(tmp_path):
    settings = RunSettings(
        command="tournament",
        seed=41,
        settings={"games": ["chess"], "limits": {"max_cost": 2.5}, "key_env": "LAB_KEY", "max_tokens": 9},
    )
    with Run.create(tmp_path, "cup", settings) as run:
        made = run.manifest
    assert manifest.read(run.folder) == made
    assert (made.name, made.command, made.seed, made.settings) == (
        "cup",
        "tournament",
        41,
        settings.settings,
    )
    assert {"arena", "python", "chess", "msgspec", "zstandard"} <= made.versions.keys()
    with Run.open(run.folder) as again:
        assert again.manifest == made


def test_the_commit_is_that_of_the_arenas_own_checkout():
    here = manifest.describe("run", RunSettings())
    asked = ["git", "-C", manifest.__file__.rsplit("/", 1)[0], "ls-files", "--error-unmatch", "manifest.py"]
    try:
        tracked = subprocess.run(asked, capture_output=True).returncode == 0
    except FileNotFoundError:
        tracked = False
    assert len(here.commit) == (40 if tracked else 0)


def test_without_git_there_is_no_commit(monkeypatch):
    monkeypatch.setenv("PATH", "")
    here = manifest.describe("run", RunSettings())
    assert (here.commit, here.dirty) == ("", False)


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": "sk-123"},
        {"endpoints": {"lab": {"key": "sk-123"}}},
        {"agents": [{"password": "sk-123"}]},
        {"auth-token": "sk-123"},
        {"url": "https://me:sk-123@host/v1"},
        {"agents": ["openai/x@http://me:sk-123@host/v1"]},
    ],
)
def test_secrets_are_refused_and_not_repeated(tmp_path, settings):
    with pytest.raises(ReplayError, match="replays are shared: name an environment variable") as caught:
        Run.create(tmp_path, "run", RunSettings(settings=settings))
    assert "sk-123" not in str(caught.value)
    assert not (tmp_path / "run" / "run.toml").exists()


def test_settings_that_toml_cannot_hold_are_refused(tmp_path):
    with pytest.raises(ReplayError, match=r"run.toml: .* has no form in TOML; give text, numbers"):
        Run.create(tmp_path, "run", RunSettings(settings={"when": object()}))


def test_a_newer_or_damaged_manifest_is_refused(tmp_path):
    Run.create(tmp_path, "run", RunSettings()).close()
    path = tmp_path / "run" / "run.toml"
    text = path.read_text()
    path.write_text(text.replace("format = 1", "format = 2"))
    with pytest.raises(NewerFormat, match="of format 2, this arena reads up to 1: upgrade"):
        Run.open(tmp_path / "run")
    path.write_text(text[:10] + "=\n")
    with pytest.raises(ReplayError, match=r"run.toml: .*mend it by hand"):
        Run.open(tmp_path / "run")


def test_unknown_fields_of_a_manifest_are_ignored(tmp_path):
    Run.create(tmp_path, "run", RunSettings()).close()
    path = tmp_path / "run" / "run.toml"
    before = manifest.read(tmp_path / "run")
    path.write_text(path.read_text() + "\n[later]\nmood = 1\n")
    assert manifest.read(tmp_path / "run") == before


def test_the_time_of_creation_is_a_plain_number(tmp_path):
    before = datetime.now(UTC).timestamp()
    made = manifest.describe("run", RunSettings())
    assert int(before) <= made.created <= before + 60
