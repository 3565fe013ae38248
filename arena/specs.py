"""What people type to name a game or an agent: ``name[/target][@url]{,option=value}``.

``chess,max_plies=40``, ``openai/Qwen/Qwen3-8B@http://localhost:8000/v1,temperature=0.7``,
``ollama/qwen3:4b``, ``./my_agent.py:MyAgent,depth=2``. No character here means anything to a shell
except the quotes. Any part may be written as a JSON string, which lets it hold every character:
``scripted,moves="e4,e5"``. Parsing knows no games, agents or aliases; `arena.load` does.
"""

import json
import re
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, TypeAlias

Option: TypeAlias = str | int | float | bool | list[str] | list[int] | list[float] | list[bool]
"""The value of an option: text as typed, or what a settings file holds."""

_PATH_START = ("./", "../", "/", "~/")
_PATH = re.compile(r"(?s)(?P<file>.*?\.py)(?P<attribute>:[^/]*)?(?=/|\Z)")
_BARE_PATH = re.compile(r"(?s)[^:]*\.py(:[\w.]*)?")
_KEY = re.compile(r"[^\W\d]\w*")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<host>[^\s/?#]+)[^\s?#]*(\?(?P<query>[^\s#]*))?(#\S*)?")
_SECRET = re.compile(
    r"(?i)key|secret|password|passwd|token|bearer|authorization|credentials?"
    r"|(.*[_-])?(api|access|auth|secret|private|bearer|hf)[_-]?(key|token|secret)"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNED = re.compile(r"([\w-]+)\s*=")
_SHOWN = 200

_quoted = json.JSONDecoder(strict=False)


class LoadError(ValueError):
    """What was asked for cannot be loaded. The message has one to three lines and holds no secret."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed specifier. ``str(spec)`` is its canonical text, and parses to an equal one."""

    name: str
    """A plain name, a path (`is_path`) with an optional ``:Class``, or ``module:Class``."""
    target: str = ""
    """What stands after the slash, such as a model; empty when nothing does."""
    url: str = ""
    """What stands after the at-sign; empty when nothing does."""
    options: tuple[tuple[str, str], ...] = ()
    """Names and texts, in the order given; no name twice."""

    def __str__(self) -> str:
        tail = ""
        if self.target:
            tail = "/" + (_quote(self.target) if _needs_quotes(self.target, "@,") else self.target)
        if self.url:
            tail += "@" + (_quote(self.url) if _needs_quotes(self.url, ",") else self.url)
        for key, value in self.options:
            tail += f",{key}={_quote(value) if _needs_quotes(value, ',') else value}"
        plain = not _needs_quotes(self.name, "@,") and _name_end(self.name + tail) == len(self.name)
        return (self.name if plain else _quote(self.name)) + tail


class Place(NamedTuple):
    """A path of a specifier, taken apart."""

    file: str
    attribute: str
    """What stands after the colon, such as a class; empty when nothing does."""


def parse(text: str) -> Spec:
    """The specifier that `text` writes.

    Raises:
        LoadError: it is none; the message names the position, counted from 1, and what was expected.
    """
    target = url = ""
    if _starts_quoted(text):
        name, at = _part(text, 0, "/@,", "a name")
    else:
        at = _name_end(text)
        name = text[:at].strip() or _fail(text, 0, "a name before anything else")
    if text.startswith("/", at):
        target, at = _part(text, at + 1, "@,", "a target after the slash")
    if text.startswith("@", at):
        start = at + 1
        url, at = _part(text, start, ",", "a URL after the at-sign")
        if wrong := wrong_url(url):
            _fail(text, start, wrong)
    return Spec(name, target, url, _options(text, at))


def is_path(name: str) -> bool:
    """Whether a specifier's name is a file: starts like a path, or ends with ``.py`` or ``.py:Class``."""
    return name.startswith(_PATH_START) or _BARE_PATH.fullmatch(name) is not None


def place(name: str) -> Place:
    """The file and the class of a name for which `is_path` holds."""
    file, colon, attribute = name.rpartition(":")
    return Place(file, attribute) if colon and "/" not in attribute else Place(name, "")


def is_secret(option: str) -> bool:
    """Whether an option of this name would hold a key or a password itself."""
    return _SECRET.fullmatch(option) is not None


def is_variable(text: str) -> bool:
    """Whether `text` can be the name of an environment variable; most keys cannot."""
    return _VARIABLE.fullmatch(text) is not None


def wrong_url(url: str) -> str:
    """What is expected instead of `url`, or empty when it is a URL without a secret in it."""
    match = _URL.fullmatch(url)
    if match is None:
        return "a URL such as http://localhost:8000/v1 (quote a target that holds an at-sign)"
    asked = [part.partition("=")[0] for part in (match["query"] or "").split("&")]
    if "@" in match["host"] or any(is_secret(name) for name in asked):
        return "a URL without a password or key in it (name an environment variable with key_env)"
    return ""


def _name_end(text: str) -> int:
    """Where the unquoted name at the start of `text` ends; 0 when there is none."""
    head = re.split("[@,]", text, maxsplit=1)[0]
    if head.startswith(_PATH_START):
        match = _PATH.match(head)
        return match.end() if match else len(head)
    if _BARE_PATH.fullmatch(head.strip()):
        return len(head)
    name = head.partition("/")[0]
    return 0 if "=" in name else len(name)


def _options(text: str, at: int) -> tuple[tuple[str, str], ...]:
    options: dict[str, str] = {}
    while at < len(text):
        at += 1  # the comma
        end = min((i for i in (text.find("=", at), text.find(",", at)) if i >= 0), default=len(text))
        key = text[at:end].strip()
        if not _KEY.fullmatch(key):
            _fail(text, at, "an option such as depth=2")
        if not text.startswith("=", end):
            _fail(text, end, f"= and a value after the option {key!r}")
        if key in options:
            _fail(text, at, f"the option {key!r} only once")
        options[key], at = _part(text, end + 1, ",", "")
    return tuple(options.items())


def _part(text: str, at: int, stops: str, expected: str) -> tuple[str, int]:
    """The quoted or plain part at `at`, and where it ends; `expected` is empty when the part may be."""
    if not _starts_quoted(text[at:]):
        end = min((i for i in map(text[at:].find, stops) if i >= 0), default=len(text) - at) + at
        value = text[at:end].strip()
        if not value and expected:
            _fail(text, at, expected)
        return value, end
    start = text.index('"', at)
    try:
        value, end = _quoted.raw_decode(text, start)
    except json.JSONDecodeError as error:
        _fail(text, error.pos, 'a text in quotes that ends with a quote (inside, write \\" and \\\\)')
    if not value and expected:
        _fail(text, start, expected)
    end += len(text[end:]) - len(text[end:].lstrip())
    if end < len(text) and text[end] not in stops:
        _fail(text, end, " or ".join([*map(repr, stops), "the end"]))
    return value, end


def _starts_quoted(text: str) -> bool:
    return text.lstrip().startswith('"')


def _needs_quotes(part: str, stops: str) -> bool:
    plain = part.isprintable() and part == part.strip() and not part.startswith('"')
    return not plain or any(stop in part for stop in stops)


def _quote(part: str) -> str:
    return json.dumps(part, ensure_ascii=False)


def _fail(text: str, at: int, expected: str) -> NoReturn:
    found = repr(text[at]) if at < len(text) else "the end"
    message = f"bad specifier, position {at + 1}: expected {expected}; found {found}"
    hides = any(is_secret(name) for name in _ASSIGNED.findall(text)) or re.search("//[^/]*@", text)
    if text.strip() and text.isprintable() and len(text) <= _SHOWN and not hides:
        message += f"\n  {text}\n  {' ' * at}^"
    raise LoadError(message)
