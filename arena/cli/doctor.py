"""``arena doctor``: check this machine."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from arena.cli import flags
from arena.cli.errors import FAILED
from arena.settings import Settings

if TYPE_CHECKING:
    from arena.doctor import Check


def doctor(
    probe: Annotated[
        list[str] | None, typer.Option("--probe", help="Also ask this agent whether it is ready.")
    ] = None,
    replays: flags.Replays = None,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """Check this machine, the keys and the engines, and say how to mend what is wrong."""
    from arena.cli.emit import emit
    from arena.doctor import Check, checks
    from arena.view.console import out
    from arena.view.notices import Finding, findings

    settings = flags.settings(replays=replays, display=display, json=json)
    found: list[Check] = list(checks(settings, settings.replays))
    found += [asyncio.run(_probe(spec, settings)) for spec in probe or []]
    if settings.display == "json":
        for check in found:
            row = {"event": "check", "level": check.level, "what": check.what, "detail": check.detail}
            emit({**row, "remedy": check.remedy})
    else:
        rows = [Finding(check.level, check.what, check.detail, check.remedy) for check in found]
        out(settings.display).print(findings(rows))
    if any(check.level == "problem" for check in found):
        raise typer.Exit(FAILED)


async def _probe(spec: str, settings: Settings) -> "Check":
    from arena import load
    from arena.agent import AgentUnavailable
    from arena.doctor import Check

    agent = load.agent(spec, settings)
    try:
        await agent.ready()
    except AgentUnavailable as error:
        return Check("problem", agent.name, "does not answer", str(error))
    finally:
        await agent.close()
    return Check("ok", agent.name, "answers")
