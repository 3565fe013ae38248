"""llama.cpp servers: one for all agents of this process that ask for the same, started when first needed.

Why each is a child process although the library could serve from within this one: it holds Python's global
lock until a model is loaded, so every other match would stand still; a failed assertion in it aborts the
process; at exit it hangs, or crashes while a request runs; and neither survives a fork. A child that is
killed cannot do any of this, and its end is what tells why a model does not load.
"""

import atexit
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from arena.agent import AgentUnavailable

from .weights import LOCAL

_PROGRAM = Path(__file__).with_name("llama_process.py")
_ENVIRONMENT = {"GGML_NO_BACKTRACE": "1", "GOMP_SPINCOUNT": "1000"}
"""OpenMP's threads spin 300,000 times by default while they wait for each other. Where anything else wants
the processor, a model then runs at a tenth of its speed; 1,000 cost nothing where nothing does. What the
user has set stands."""
_START_SECONDS = 600.0
_ASSERTION = re.compile(r"^.*(GGML_(?:ASSERT|ABORT).*)$", re.MULTILINE)
_WHY = (
    _ASSERTION,
    re.compile(r"^\S+ E (?:\w+: |\w+ +\w+: )*(.+)$", re.MULTILINE),
    re.compile(r"^(\w+Error: .+)$", re.MULTILINE),
)
"""What tells why a model cannot be served: a failed assertion, llama.cpp's first error, an exception."""
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Launch:
    """What a server is started with; equal launches share one server."""

    model: Path
    alias: str
    """What the server calls the model."""
    context: int
    """Tokens that one request may have, the answer included."""
    parallel: int
    """Requests that are worked on at once."""
    threads: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers."""

    url: str
    key: str = field(repr=False)
    """Without it the server refuses: other users of the machine can reach the port too."""
    pid: int
    """The server's process."""


class Share:
    """One agent's claim on a server. All methods may block, and may be called from any thread."""

    def __init__(self) -> None:
        self._server: _Server | None = None

    @property
    def address(self) -> Address | None:
        """Where the claimed server answers; None when there is none, or it is dead. Does not block."""
        server = self._server
        return server.address if server and server.is_alive() else None

    @property
    def death(self) -> str:
        """Why the claimed server is dead; empty when it is not. Does not block."""
        server = self._server
        return "" if server is None or server.is_alive() else server.death()

    def open(self, launch: Launch) -> Address:
        """Claim the server of `launch`, started if there is none or the last one died.

        Raises:
            AgentUnavailable: it does not start, with the reason.
        """
        with _lock:
            if address := self.address:
                return address
            self._release()
            server = _servers.get(launch)
            if server is None or not server.is_alive():
                server = _servers[launch] = _Server(launch)
            server.holders.add(self)
            self._server = server
            return server.address

    def close(self) -> None:
        """Give the claim back; the last one stops the server. Closing twice is harmless."""
        with _lock:
            self._release()

    def _release(self) -> None:
        server, self._server = self._server, None
        if server:
            server.holders.discard(self)
            if not server.holders:
                server.stop()
                if _servers.get(server.launch) is server:
                    del _servers[server.launch]


class _Server:
    """A child process that serves one model."""

    def __init__(self, launch: Launch) -> None:
        if find_spec("xllamacpp") is None:
            raise AgentUnavailable(f"the embedded engine is not installed; run: {LOCAL}")
        self.launch = launch
        self.holders: set[Share] = set()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by stop)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
            env={**_ENVIRONMENT, **os.environ},
            # ctrl-C at the terminal must not end calls that may still finish
            start_new_session=True,
        )
        try:
            self.address = self._start()
        except BaseException:
            self.stop()
            raise

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def death(self) -> str:
        """How the process ended. Its log is about requests, unless an assertion failed."""
        status = self._process.poll() or 0
        ended = f"killed by signal {-status}" if status < 0 else f"ended with exit code {status}"
        return self._wrote(_ASSERTION) or ended

    def stop(self) -> None:
        """Kill the process and wait until it is gone. Stopping twice is harmless."""
        self._process.kill()
        self._process.wait()
        self._close()

    def disown(self) -> None:
        """Count as dead, and leave the process alone: it belongs to the one that this was forked from."""
        self._process.returncode = 0
        self._close()

    def _close(self) -> None:
        for file in (self._process.stdin, self._process.stdout, self._log):
            if file:
                file.close()

    def _start(self) -> Address:
        key = secrets.token_urlsafe(24)
        asked = {**asdict(self.launch), "model": str(self.launch.model), "key": key}
        alarm = threading.Timer(_START_SECONDS, self._process.kill)
        alarm.start()
        try:
            answer = self._ask(json.dumps(asked))
        finally:
            alarm.cancel()
            alarm.join()
        if not answer:
            self._process.wait()
            raise AgentUnavailable(
                f"{str(self.launch.model)!r} cannot be served: {self._wrote(*_WHY) or self.death()}"
            )
        started = json.loads(answer)
        if started["context"] < self.launch.context:
            raise AgentUnavailable(
                f"context_size={self.launch.context} is too large for {str(self.launch.model)!r}, which was "
                f"trained for {started['context']} tokens"
            )
        return Address(f"{started['url']}/v1", key, self._process.pid)

    def _wrote(self, *patterns: re.Pattern[str]) -> str:
        """What the process wrote to standard error that fits one of `patterns`, the first one first."""
        if self._log.closed:
            return ""
        self._log.seek(0)
        written = self._log.read().decode("utf-8", "replace")
        found = next(filter(None, (pattern.search(written) for pattern in patterns)), None)
        return found[1].strip()[:_SHOWN] if found else ""

    def _ask(self, line: str) -> bytes:
        """Send a line to the process; the line that it answers, or nothing when it ends."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout, "both are pipes"
        with suppress(BrokenPipeError):
            stdin.write(f"{line}\n".encode())
        return stdout.readline()


_lock = threading.Lock()
_servers: dict[Launch, _Server] = {}


def _stop_all() -> None:
    for server in _servers.values():
        server.stop()


def _forget_all() -> None:
    """In a forked child: the servers belong to the parent, and whoever held the lock is not here."""
    global _lock
    _lock = threading.Lock()
    for server in _servers.values():
        server.disown()
    _servers.clear()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
