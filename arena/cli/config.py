"""``arena config``: the settings in force."""

from arena.cli import flags


def config(json: flags.Json = False) -> None:
    """Show the settings in force, and where each one comes from."""
    from arena.cli.emit import emit
    from arena.settings import resolve
    from arena.view.console import out
    from arena.view.tables import Setting, settings

    rows = resolve().rows()
    flags.tell_unknown_variables()
    if json:
        for row in rows:
            emit({"event": "setting", **row._asdict()})
        return
    console = out()
    console.print(settings([Setting(row.name, row.value, row.source) for row in rows]))
    console.print("flag > environment (ARENA_SEED, …) > arena.toml > default", style="dim")
