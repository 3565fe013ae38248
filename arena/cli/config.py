"""``arena config``: the settings in force."""

from arena.cli import flags


def config(json: flags.Json = False) -> None:
    """Show the settings in force, and where each one comes from."""
    import msgspec

    from arena.settings import resolve
    from arena.view.console import out
    from arena.view.tables import Setting, settings

    rows = resolve().rows()
    if json:
        for row in rows:
            print(msgspec.json.encode({"event": "setting", **row._asdict()}).decode())
        return
    console = out()
    console.print(settings([Setting(row.name, row.value, row.source) for row in rows]))
    console.print("flag > environment (ARENA_SEED, …) > arena.toml > default", style="dim")
