"""Models as folders that transformers reads, whatever they were named by; and how to tell them apart."""

import hashlib
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from arena.agent import AgentUnavailable

from .store import cache, digest, once
from .weights import BUNDLED, fingerprint, gguf_template, locate

TRAIN = "pip install 'selfplay-arena[train]'"
_PROGRAM = Path(__file__).with_name("convert.py")
_RECIPE = 2
"""Part of a converted folder's name: raise it when the same source would be converted differently."""
_SOURCE = "converted_from.json"
"""In a converted folder: the digest of the GGUF file that it holds."""
_HUB = re.compile(r"[\w.-]+/[\w.-]+")
_WANTED = ["*.json", "*.jinja", "*.safetensors", "*.txt", "*.model"]
_WHOLE = ("config.json", "tokenizer_config.json", "generation_config.json", "chat_template.jinja")
_TRACE = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Interrupt)\b.*)$", re.MULTILINE)


def transformers_folder(base: str, progress: Callable[[str], object] = lambda text: None) -> Path:
    """A folder from which transformers loads the model and the tokenizer that `base` names.

    `base` is "smollm2", the path of a .gguf file, the path of a transformers folder, which is given back as
    it is, or ``owner/repo`` on the Hugging Face hub (``owner/repo:file`` for a GGUF file there). A GGUF file
    is converted once, by its content, into the user's cache: as float32 below a billion weights, which
    processors train without bfloat16, and as bfloat16 above. `progress` is told before work of some seconds.

    Raises:
        AgentUnavailable: there is no such model, or it cannot be converted, with what to do about it.
    """
    path = Path(base).expanduser()
    if path.is_dir():
        return _checked(path.resolve())
    if _HUB.fullmatch(base) and not base.endswith(".gguf") and base not in BUNDLED:
        return _from_hub(base)
    source = locate(base)
    if missing := [name for name in ("gguf", "torch", "transformers") if find_spec(name) is None]:
        raise AgentUnavailable(
            f"reading {source.name} with transformers needs {', '.join(missing)}; "
            "run: pip install 'selfplay-arena[local,train]'"
        )
    try:
        whole = digest(source)
        target = cache() / "models" / f"{source.stem}-{whole[:16]}-{_RECIPE}"

        def write(folder: Path) -> None:
            progress(f"converting {source.name} for transformers, once; it takes half a minute or more")
            _convert(source, folder)
            (folder / _SOURCE).write_text(json.dumps({"sha256": whole}))

        return once(target, write)
    except OSError as error:
        reason = f"{error.filename or source}: {error.strerror or error}"
        raise AgentUnavailable(f"{reason}; set ARENA_CACHE_DIR to a folder with room") from None


def base_digest(base: str) -> str:
    """What tells a base from all others, wherever it lies: 64 hexadecimal digits.

    It is the SHA-256 of a GGUF file, also for the folder that was converted from it; of other folders it is
    that of the list of SHA-256 of the configuration, the tokenizer and the weights.

    Raises:
        AgentUnavailable: there is no such model, or it cannot be read.
    """
    path = Path(base).expanduser()
    try:
        if base in BUNDLED or path.is_file() or base.endswith(".gguf") or ":" in base:
            return digest(locate(base))
        folder = transformers_folder(base)
        if (folder / _SOURCE).is_file():
            return str(json.loads((folder / _SOURCE).read_text())["sha256"])
        names = ["config.json", *_vocabulary(folder), *_weights(folder)]
        lines = "".join(f"{digest(folder / name)}  {name}\n" for name in names)
        return hashlib.sha256(lines.encode()).hexdigest()
    except OSError as error:
        raise AgentUnavailable(f"{error.filename or base}: {error.strerror or error}") from None


def chat_template(folder: Path) -> str:
    """The chat template of a transformers folder; empty when it has none.

    Raises:
        AgentUnavailable: the tokenizer's configuration cannot be read, or names several templates.
    """
    try:
        if (file := folder / "chat_template.jinja").is_file():
            return file.read_text(encoding="utf-8")
        file = folder / "tokenizer_config.json"
        template = json.loads(file.read_text(encoding="utf-8")).get("chat_template", "")
    except (OSError, ValueError, AttributeError) as error:
        raise AgentUnavailable(f"the tokenizer of {str(folder)!r} cannot be read: {error}") from None
    if not isinstance(template, str):
        raise AgentUnavailable(
            f"{str(file)!r} holds several chat templates: keep the one to use in chat_template.jinja"
        )
    return template


def chat_template_digest(folder: Path) -> str:
    """Tells chat templates apart: 64 hexadecimal digits; see `chat_template`."""
    return hashlib.sha256(chat_template(folder).encode()).hexdigest()


def template_digest(base: str) -> str:
    """Tells the chat template of what `base` names from others, without converting it.

    The same for a GGUF file and for the folder that was converted from it.

    Raises:
        AgentUnavailable: there is no such model, or it cannot be read.
    """
    path = Path(base).expanduser()
    if not (base in BUNDLED or path.is_file() or base.endswith(".gguf") or ":" in base):
        return chat_template_digest(transformers_folder(base))
    source = locate(base)
    try:
        kept = cache() / "templates" / fingerprint(source)
        text = once(kept, lambda file: file.write_text(gguf_template(source), encoding="utf-8"))
        return hashlib.sha256(text.read_bytes()).hexdigest()
    except OSError as error:
        raise AgentUnavailable(f"{error.filename or base}: {error.strerror or error}") from None


def _checked(folder: Path) -> Path:
    if not (folder / "config.json").is_file():
        inside = ", ".join(sorted(each.name for each in folder.iterdir())[:8]) or "nothing"
        hint = (
            "; it is an adapter: give its base, and the folder as adapter="
            if (folder / "adapter_config.json").is_file()
            else ""
        )
        raise AgentUnavailable(
            f"{str(folder)!r} is no transformers folder: it holds no config.json but {inside}{hint}"
        )
    return folder


def _from_hub(repo: str) -> Path:
    if find_spec("huggingface_hub") is None:
        raise AgentUnavailable(
            f"{repo!r} is a name on the Hugging Face hub, and the package for it is not installed; "
            f"run: {TRAIN}"
        )
    hub = importlib.import_module("huggingface_hub")
    try:
        return _checked(Path(hub.snapshot_download(repo, allow_patterns=_WANTED)))
    except AgentUnavailable:
        raise
    except Exception as error:  # the hub's network library, and so its errors, change with each version
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise AgentUnavailable(f"cannot get {repo!r} from the hub: {reason}") from error


def _convert(source: Path, folder: Path) -> None:
    """Convert in a process of its own: it takes gigabytes, prints, and may be killed for either."""
    done = subprocess.run(
        [sys.executable, "-P", str(_PROGRAM), str(source), str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return
    told = _TRACE.findall(done.stderr)
    ended = f"killed by signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    raise AgentUnavailable(
        f"{str(source)!r} cannot be converted for transformers: {told[-1] if told else ended}"
    )


def _vocabulary(folder: Path) -> list[str]:
    names = {"tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt", *_WHOLE[1:]}
    return sorted(name for name in names if (folder / name).is_file())


def _weights(folder: Path) -> list[str]:
    found = sorted(path.name for path in folder.glob("*.safetensors"))
    if not found:
        raise AgentUnavailable(f"{str(folder)!r} holds no weights: expected files that end in .safetensors")
    return found
