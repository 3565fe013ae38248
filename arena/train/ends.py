"""Preference pairs without the ends of their answers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Example: TypeAlias = dict[str, Any]
"""A row as `trl.DPOTrainer` tokenizes it: token ids under "prompt_ids", "chosen_ids" and "rejected_ids"."""

_ANSWERS = ("chosen_ids", "rejected_ids")


def without_ends(collate: Callable[[list[Example]], Any], special: Sequence[int]) -> Callable[..., Any]:
    """A collator for rows of `collate`'s, that drops from the last of the `special` tokens on."""
    ends = frozenset(special)

    def cut(ids: list[int]) -> list[int]:
        last = max((place for place, token in enumerate(ids) if token in ends), default=len(ids))
        # an answer that is nothing but its end keeps it
        return ids[:last] or ids

    def collated(examples: list[Example]) -> Any:
        return collate([one | {name: cut(one[name]) for name in _ANSWERS} for one in examples])

    return collated
