"""TRL's trainers as they are, built from what is `Ready`. The only module that loads torch."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any, NamedTuple

from arena.data.extra import library
from arena.train.ends import without_ends
from arena.train.grpo import Grpo
from arena.train.plan import Value
from arena.train.ready import Ready
from arena.train.rows import mixed
from arena.train.work import Work

TESTED = 128
"""The most rows of the test split that are measured on."""
_LORA = {"lora_r": "r", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout"}
_CALM = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    # threads that spin while they wait take the cores from whoever shares them
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
}
"""Set while the libraries are loaded, unless the user has set them; they read most of them once."""


@contextmanager
def quiet() -> Iterator[None]:
    """Load the libraries so that they neither write to the terminal nor call home, and use them so.

    Raises:
        MissingExtra: one is not installed.
    """
    set_here = {name: value for name, value in _CALM.items() if name not in os.environ}
    os.environ |= set_here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transformers = library("transformers", "train", "arena train")
            library("trl", "train", "arena train")
            datasets = library("datasets", "train", "arena train")
            transformers.logging.set_verbosity_error()
            transformers.logging.disable_progress_bar()
            datasets.disable_progress_bars()
            logging.getLogger("trl").setLevel(logging.ERROR)
            yield
    finally:
        for name in set_here:
            os.environ.pop(name, None)


class Built(NamedTuple):
    """A trainer that has made no step yet."""

    trainer: Any
    grpo: Grpo | None
    """To be entered while the trainer is used."""


def build(ready: Ready, work: Work, callbacks: list[Any], tell: Callable[[str], None]) -> Built:
    """A trainer that has taken every old log-probability; inside `quiet`."""
    import transformers
    import trl

    plan = ready.plan
    transformers.set_seed(plan.seed)
    model, peft_config = _model(ready)
    tokenizer = transformers.AutoTokenizer.from_pretrained(ready.base.folder, local_files_only=True)
    arguments = getattr(trl, f"{plan.method.upper()}Config")(**_arguments(ready, work))
    parts: dict[str, Any] = {
        "args": arguments,
        "processing_class": tokenizer,
        "peft_config": peft_config,
        "callbacks": callbacks,
    }
    grpo = Grpo(ready, tokenizer) if plan.method == "grpo" else None
    if grpo:
        parts |= grpo.parts
    else:
        parts |= _datasets(ready, work)
        if not plan.ends:
            parts["data_collator"] = _collator(tokenizer, arguments)
        if "precompute_ref_log_probs" in ready.settings:
            tell(f"taking the old log-probabilities of {len(parts['train_dataset']):,} rows")
    with ExitStack() as failing:
        if grpo:
            failing.enter_context(grpo)
        made = getattr(trl, f"{plan.method.upper()}Trainer")(model, **parts)
        failing.pop_all()
    made.remove_callback(transformers.PrinterCallback)
    return Built(made, grpo)


def _collator(tokenizer: Any, arguments: Any) -> Callable[..., Any]:
    """TRL's own for pairs, which leaves the ends of answers out."""
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    collator = DataCollatorForPreference(
        pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        max_length=arguments.max_length,
        truncation_mode=arguments.truncation_mode,
        pad_to_multiple_of=arguments.pad_to_multiple_of,
    )
    return without_ends(collator, tokenizer.all_special_ids)


def _model(ready: Ready) -> tuple[Any, Any]:
    """The model, and the configuration of a new adapter; or one with the adapter to go on from, and None."""
    import peft
    import torch
    import transformers

    from arena.train.defaults import LARGE

    half = ready.machine.device == "cuda" and ready.base.weights >= LARGE
    model = transformers.AutoModelForCausalLM.from_pretrained(
        ready.base.folder, dtype=torch.bfloat16 if half else torch.float32, local_files_only=True
    )
    if ready.start:
        return peft.PeftModel.from_pretrained(model, ready.start.adapter, is_trainable=True), None
    return model, _lora(ready.settings)


def _lora(settings: Mapping[str, Value]) -> Any:
    import peft

    given: dict[str, Any] = {theirs: settings[ours] for ours, theirs in _LORA.items()}
    targets = settings["lora_target_modules"]
    given["target_modules"] = "all-linear" if targets in (["all-linear"], None) else targets
    return peft.LoraConfig(task_type="CAUSAL_LM", **given)


def _arguments(ready: Ready, work: Work) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: value for name, value in ready.settings.items() if not name.startswith("lora_")
    }
    return found | {
        "output_dir": str(work.steps),
        "seed": ready.plan.seed,
        "data_seed": ready.plan.seed,
        # without a number of steps `Watch` says when
        "save_strategy": "steps" if "save_steps" in found else "no",
        "eval_strategy": "no",
        "per_device_eval_batch_size": found["per_device_train_batch_size"],
        "disable_tqdm": True,
    }


def _datasets(ready: Ready, work: Work) -> dict[str, Any]:
    """The rows of both splits.

    Those to train on lie in the work folder, and beside them what TRL works out of them: after an
    interruption old log-probabilities are read, not taken again.
    """
    datasets: Any = library("datasets", "train", "arena train")
    plan, place = ready.plan, work.rows / "train"
    if not (place / "state.json").is_file():
        made = mixed(ready.files, plan.method, plan.seed, ready.looked.dropped)
        datasets.Dataset.from_list(made).save_to_disk(str(place))
    parts: dict[str, Any] = {"train_dataset": datasets.load_from_disk(str(place))}
    tested = list(islice(mixed(ready.test, plan.method, plan.seed, frozenset()), TESTED))
    if len(tested) > 1:
        parts["eval_dataset"] = datasets.Dataset.from_list(tested)
    return parts
