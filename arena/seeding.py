"""Child seeds by hash: the only source of randomness in the arena."""

from hashlib import blake2b


def derive(seed: int, *path: object) -> int:
    """A seed in [0, 2**63) for the child of `seed` named by `path`.

    The same arguments give the same number on every machine and in every version. Path parts are
    joined by "/", so ``derive(7, "nature", 3)`` hashes the text ``7/nature/3``.
    """
    text = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
