"""``arena agents``: list the agents, or ask one a question."""

import asyncio
from typing import Annotated

import typer

from arena.cli import flags
from arena.cli.errors import FAILED

app = typer.Typer(help="List the agents, or ask one a question to see that it answers.")


@app.callback(invoke_without_command=True)
def ls(
    context: typer.Context,
    display: flags.Display = None,
    json: flags.Json = False,
) -> None:
    """List the agents, or ask one a question to see that it answers."""
    if context.invoked_subcommand:
        return
    from arena import load
    from arena.cli.emit import emit
    from arena.view.console import out
    from arena.view.tables import AgentEntry, agents

    settings = flags.settings(display=display, json=json)
    listed = load.agents(settings)
    if settings.display == "json":
        for row in listed:
            fields = {"name": row.name, "where": row.where, "summary": row.summary, "error": row.error}
            emit({"event": "agent", **fields})
        return
    rows = [AgentEntry(row.name, row.error or row.summary, (), row.where) for row in listed]
    console = out(settings.display)
    console.print(agents(rows))
    console.print("options: arena agents show NAME", style="dim")


@app.command()
def show(agent: Annotated[str, typer.Argument(help="An agent, such as uci/stockfish")]) -> None:
    """Show an agent's options and their values."""
    from arena import load
    from arena.cli.show import options
    from arena.view.clean import clean
    from arena.view.console import out

    made = load.agent(agent, flags.settings())
    console = out()
    console.print(clean(made.name), style="bold")
    for line in options(made):
        console.print(clean(f"  {line}"))


@app.command()
def ask(
    agent: Annotated[str, typer.Argument(help="An agent, such as llamacpp/smollm2")],
    text: Annotated[str, typer.Argument(help="What the agent is asked.")],
    seed: flags.Seed = None,
) -> None:
    """Ask an agent one question as if it were an observation; shows the answer and what was sent."""
    from arena import load
    from arena.agent import Agent, AgentUnavailable, Reply, Turn
    from arena.view.clean import clean
    from arena.view.console import err, out

    settings = flags.settings(seed=seed)
    made = load.agent(agent, settings)

    async def asked(agent: Agent) -> Reply:
        try:
            await agent.ready()
            rules = "Answer the question; the move is your answer in one word."
            return await agent.act(Turn(0, "asked", rules, text, seed=settings.seed))
        except AgentUnavailable:
            raise
        except ValueError as error:
            raise ValueError(
                f"{agent.name} cannot answer a question, only play: a language model can, such as "
                f"llamacpp/smollm2 ({error})"
            ) from error
        finally:
            await agent.close()

    reply = asyncio.run(asked(made))
    words = err()
    for message in reply.messages:
        words.print(clean(f"[{message.role}] {message.content}"), style="dim")
    if reply.thinking:
        words.print(clean(reply.thinking), style="dim italic")
    out().print(clean(reply.text or reply.move))
    verdict = f"no move: {reply.fault}: {reply.detail}" if reply.fault else f"move: {reply.move}"
    usage = reply.usage
    words.print(clean(f"{verdict} · {usage.seconds:.1f} s, {usage.input} + {usage.output} tokens"))
    if reply.fault:
        raise typer.Exit(FAILED)
