"""Folders that transformers reads, and what tells models apart."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from arena.agent import AgentUnavailable
from arena.models import folder as folders
from arena.models.folder import (
    base_digest,
    chat_template,
    chat_template_digest,
    template_digest,
    transformers_folder,
)
from arena.models.store import once

pytest.importorskip("gguf", reason="the extra [local] is not installed")
pytest.importorskip("tokenizers", reason="the extra [train] is not installed")

from .tiny_model import TEMPLATE, write_tiny_folder, write_tiny_model

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch) -> Path:
    """The cache, in a folder of its own."""
    monkeypatch.setenv("ARENA_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def tiny(tmp_path) -> Path:
    return write_tiny_folder(tmp_path / "tiny")


def refusal(base: str) -> str:
    with pytest.raises(AgentUnavailable) as caught:
        transformers_folder(base)
    return str(caught.value)


def test_a_transformers_folder_is_taken_as_it_is(tiny):
    assert transformers_folder(str(tiny)) == tiny


def test_a_folder_without_a_model_says_what_it_holds(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    assert "it is an adapter: give its base, and the folder as adapter=" in refusal(str(tmp_path))


def test_an_unknown_name_gets_the_closest_one():
    assert "did you mean 'smollm2'?" in refusal("smolm2")


def test_the_chat_template_is_found_in_either_place(tiny):
    assert chat_template(tiny) == TEMPLATE
    digest = chat_template_digest(tiny)
    told = json.loads((tiny / "tokenizer_config.json").read_text())
    (tiny / "chat_template.jinja").write_text(told.pop("chat_template"))
    (tiny / "tokenizer_config.json").write_text(json.dumps(told))
    assert chat_template_digest(tiny) == digest
    (tiny / "chat_template.jinja").write_text("another")
    assert chat_template_digest(tiny) != digest


def test_a_gguf_file_and_a_folder_of_one_model_have_one_chat_template(tiny, tmp_path):
    file = write_tiny_model(tmp_path / "tiny.gguf")
    assert template_digest(str(file)) == template_digest(str(tiny)) == chat_template_digest(tiny)
    file.write_bytes(b"GGUF" + file.read_bytes()[64:])
    with pytest.raises(AgentUnavailable, match="is damaged or no GGUF file"):
        template_digest(str(file))


def test_a_tokenizer_that_cannot_be_read_is_unavailable(tiny):
    (tiny / "tokenizer_config.json").write_text("{")
    with pytest.raises(AgentUnavailable, match=r"the tokenizer of .* cannot be read"):
        chat_template(tiny)
    (tiny / "tokenizer_config.json").write_text('{"chat_template": [1, 2]}')
    with pytest.raises(AgentUnavailable, match="several chat templates"):
        chat_template(tiny)


def test_a_base_is_known_by_its_content_wherever_it_lies(tiny, tmp_path):
    digest = base_digest(str(tiny))
    assert base_digest(str(tiny.rename(tmp_path / "moved"))) == digest
    assert base_digest(str(write_tiny_folder(tmp_path / "again"))) == digest
    assert base_digest(str(write_tiny_folder(tmp_path / "other", seed=1))) != digest
    file = write_tiny_model(tmp_path / "tiny.gguf")
    assert base_digest(str(file)) == base_digest(str(file.rename(tmp_path / "moved.gguf")))


def test_a_folder_without_weights_has_no_digest(tiny):
    (tiny / "model.safetensors").unlink()
    with pytest.raises(AgentUnavailable, match="holds no weights"):
        base_digest(str(tiny))


def test_missing_packages_are_named(tmp_path, monkeypatch):
    path = write_tiny_model(tmp_path / "tiny.gguf")
    monkeypatch.setattr(folders, "find_spec", lambda name: None)
    assert "needs gguf, torch, transformers; run: pip install" in refusal(str(path))


def test_a_cache_that_cannot_be_written_is_unavailable(tmp_path, monkeypatch):
    path = write_tiny_model(tmp_path / "tiny.gguf")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ARENA_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert "set ARENA_CACHE_DIR to a folder" in refusal(str(path))


def test_what_is_written_once_is_whole_or_not_there(tmp_path):
    target = tmp_path / "it" / "folder"

    def fails(path: Path) -> None:
        path.mkdir()
        (path / "half").write_text("x")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        once(target, fails)
    assert sorted(os.listdir(target.parent)) == ["lock"]
    assert once(target, Path.mkdir) == target and target.is_dir()
    assert once(target, fails) == target, "it is not written again"


def test_a_writer_that_was_killed_leaves_nothing_that_counts(tmp_path):
    program = f"""
import os, signal
from pathlib import Path
from arena.models.store import once

def write(path):
    path.mkdir()
    (path / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)

once(Path({str(tmp_path / "it")!r}), write)
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "it").exists()
    assert once(tmp_path / "it", lambda path: path.write_text("whole")).read_text() == "whole"
    assert sorted(os.listdir(tmp_path)) == ["it", "lock"]


@pytest.mark.slow
def test_a_gguf_file_is_converted_once_into_the_same_weights(tmp_path, tiny, models):
    torch = pytest.importorskip("torch", reason="the extra [train] is not installed")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    told: list[str] = []
    path = write_tiny_model(tmp_path / "tiny.gguf", "F32")
    found = transformers_folder(str(path), told.append)
    began = time.monotonic()
    assert transformers_folder(str(path), told.append) == found
    assert time.monotonic() - began < 1
    assert told == ["converting tiny.gguf for transformers, once; it takes half a minute or more"]
    assert sorted(os.listdir(models)) == sorted(["lock", found.name])
    assert base_digest(str(found)) == base_digest(str(path)), "it is the same base"
    assert chat_template_digest(found) == chat_template_digest(tiny) == template_digest(str(path))
    ours, theirs = (AutoModelForCausalLM.from_pretrained(each).state_dict() for each in (tiny, found))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    text = "<|im_start|>user\nthe é\n 12<|im_end|>\n"
    ours, theirs = (AutoTokenizer.from_pretrained(each)(text)["input_ids"] for each in (tiny, found))
    assert ours == theirs


@pytest.mark.slow
def test_two_processes_at_once_convert_one_folder(tmp_path, models):
    path = write_tiny_model(tmp_path / "tiny.gguf")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(transformers_folder, [str(path)] * 2)
    assert first == second
    assert sorted(os.listdir(models)) == sorted(["lock", first.name])


@pytest.mark.slow
def test_a_damaged_file_is_unavailable_and_leaves_nothing_behind(tmp_path, models):
    path = write_tiny_model(tmp_path / "tiny.gguf")
    path.write_bytes(path.read_bytes()[:20_000])
    assert "cannot be converted for transformers: " in refusal(str(path))
    assert sorted(os.listdir(models)) == ["lock"]
