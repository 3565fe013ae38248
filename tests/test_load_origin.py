from arena import load

from .plugins import copy_arena, run, write

FAKE_LOAD = "import arena.load; arena.load.{}"


def test_the_origin_of_our_own_packages_is_right():
    load.check_origin()


def test_a_foreign_agents_package_is_told_by_its_distribution(tmp_path):
    site = tmp_path / "site"
    write(site / "agents" / "__init__.py", "raise RuntimeError('must not be imported')")
    info = site / "openai_agents-0.9.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: openai-agents\nVersion: 0.9\n")
    write(info / "top_level.txt", "agents\n")
    write(info / "RECORD", "agents/__init__.py,,\n")
    for call in ("game('tic_tac_toe')", "agent('random')", "agents()", "check_origin()"):
        result = run(FAKE_LOAD.format(call), site, cwd=tmp_path)
        last = result.stderr.strip().splitlines()[-1]
        assert "LoadError: arena's own package 'agents' is hidden by the distribution openai-agents" in last
        assert str(site / "agents") in last
        assert "install arena in a virtual environment of its own" in last
        assert "RuntimeError" not in result.stderr


def test_a_foreign_games_folder_without_a_distribution_is_told_by_its_place(tmp_path):
    write(tmp_path / "games" / "__init__.py", "")
    result = run(FAKE_LOAD.format("game('tic_tac_toe')"), cwd=tmp_path)
    last = result.stderr.strip().splitlines()[-1]
    assert f"arena's own package 'games' is not where it should be (found: {tmp_path / 'games'})" in last


def test_packages_overwritten_by_another_wheel_are_told(tmp_path):
    site = tmp_path / "site"
    copy_arena(site)
    program = FAKE_LOAD.format("check_origin(); print(arena.__file__)")
    assert run(program, site, cwd=tmp_path).stdout.strip() == str(site / "arena" / "__init__.py")
    write(site / "agents" / "__init__.py", "from .agent import Agent\n")
    assert f"(found: {site / 'agents'}, overwritten)" in run(program, site, cwd=tmp_path).stderr
    write(site / "agents" / "__init__.py", "def (\n")
    assert f"(found: {site / 'agents'}, damaged)" in run(program, site, cwd=tmp_path).stderr
