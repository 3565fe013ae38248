"""The body of a chat completion, read as it comes: server-sent events or one JSON document, and no trust."""

from dataclasses import dataclass, field

from .answer import split_thinking
from .wire import BadBody, Event, Part, Piece, Tokens, event, shown

LARGEST = 256 * 1024
"""Characters that one answer may have, thinking included; what comes after them is not read."""
_LONGEST_LINE = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Choice:
    """One complete answer."""

    text: str = ""
    """Without the thinking."""
    thinking: str = ""
    refusal: str = ""
    """What the model said instead of an answer."""
    finish: str = ""
    """The server's reason; "length" also for an answer that we cut."""
    tools: bool = False
    """Whether it tried to call a tool."""
    probabilities: bool = False
    """Whether log-probabilities came with it."""
    apart: bool = False
    """Whether the thinking came in a field of its own, so that an answer may have strayed into it."""


@dataclass(frozen=True, slots=True)
class Body:
    """All that one response held."""

    choices: tuple[Choice, ...]
    tokens: Tokens = field(default_factory=Tokens)
    model: str = ""
    streamed: bool = False
    """Whether it came as events."""


class _Draft:
    """One answer while it grows."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thinking: list[str] = []
        self.refusal: list[str] = []
        self.size = 0
        self.finish = ""
        self.tools = self.probabilities = self.full = False

    def add(self, choice: Piece) -> bool:
        """Take a piece; whether it says anything."""
        part = choice.delta or choice.message or _EMPTY
        thinking = part.reasoning_content or part.reasoning
        self.finish = choice.finish_reason or self.finish
        self.probabilities = self.probabilities or bool(choice.logprobs)
        tools = bool(part.tool_calls or part.function_call)
        self.tools = self.tools or tools
        if not self.full:
            for piece, kept in (
                (thinking, self.thinking),
                (part.content, self.text),
                (part.refusal, self.refusal),
            ):
                if piece:
                    kept.append(piece[: LARGEST - self.size])
                    self.size += len(piece)
            self.full = self.size > LARGEST
        return bool(thinking or part.content or part.refusal or tools)

    def choice(self) -> Choice:
        answer, inline = split_thinking("".join(self.text))
        apart = "".join(self.thinking).strip()
        return Choice(
            answer,
            "\n".join(filter(None, (apart, inline))),
            "".join(self.refusal).strip(),
            "length" if self.full else self.finish,
            self.tools,
            self.probabilities,
            bool(apart),
        )


class Reader:
    """Feed it the bytes of a response; it knows when they are enough, and gives the answers."""

    def __init__(self) -> None:
        self.done = False
        """The server said that it is done."""
        self._drafts: dict[int, _Draft] = {}
        self._rest = b""
        self._document = self._streamed = self._began = False
        self._tokens = Tokens()
        self._model = ""

    @property
    def complete(self) -> bool:
        """Whether every answer has ended, so that nothing is lost if the connection does too."""
        drafts = self._drafts.values()
        return self.done or (bool(drafts) and all(draft.finish or draft.full for draft in drafts))

    @property
    def full(self) -> bool:
        """Whether the rest is not worth reading, because every answer is too long already."""
        return bool(self._drafts) and all(draft.full for draft in self._drafts.values())

    def feed(self, piece: bytes) -> bool:
        """Take the next bytes; whether they say anything.

        Raises:
            BadBody: they are no chat completion.
        """
        data = self._rest + piece
        if not self._began:
            data = data.lstrip()
            self._began = bool(data)
            self._document = data.startswith((b"{", b"["))
            if data.startswith(b"<"):
                raise BadBody(
                    "answered with a web page: is the URL right? It usually ends in /v1", retry=False
                )
        if self._document:
            self._rest = data
            if len(data) > _LONGEST_LINE:
                raise BadBody("answered with megabytes that are no chat completion")
            return False
        *lines, self._rest = data.split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise BadBody("sent a line of megabytes")
        said = False
        for line in lines:
            said = self._line(line) or said
        return said

    def end(self) -> Body:
        """What the response held, once no more bytes come.

        Raises:
            BadBody: it broke off, or is no chat completion.
        """
        rest, self._rest = self._rest.strip(), b""
        if rest and not self.full:
            if self._document:
                self._take(event(rest))
                self.done = True
            else:
                self._line(rest)
        if not self._began:
            raise BadBody("sent an empty body")
        if not self.complete:
            raise BadBody("broke the connection off in the middle of an answer")
        if not self._drafts:
            raise BadBody("sent a completion without choices")
        choices = tuple(self._drafts[index].choice() for index in sorted(self._drafts))
        if any(choice.finish == "error" for choice in choices):
            raise BadBody('ended an answer with the finish reason "error"')
        return Body(choices, self._tokens, self._model, self._streamed)

    def _line(self, line: bytes) -> bool:
        if not line.startswith(b"data:"):
            if line.startswith((b":", b"event:", b"id:", b"retry:")) or not line.strip():
                return False
            raise BadBody(f"sent {shown(line)} where a server-sent event belongs")
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
            return False
        self._streamed = True
        return bool(data) and self._take(event(data))

    def _take(self, sent: Event) -> bool:
        self._model = sent.model or self._model
        if sent.usage:
            self._tokens = sent.usage.tokens()
        said = False
        for choice in sent.choices or ():
            draft = self._drafts.get(choice.index)
            if draft is None:
                draft = self._drafts[choice.index] = _Draft()
            said = draft.add(choice) or said
        return said


_EMPTY = Part()
