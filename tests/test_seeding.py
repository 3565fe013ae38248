from hypothesis import given
from hypothesis import strategies as st

from arena.seeding import derive


def test_a_child_seed_is_the_same_on_every_machine():
    assert derive(7, "nature", 3) == 7_182_079_992_216_664_924


@given(st.integers(), st.lists(st.text()))
def test_child_seeds_lie_below_two_to_the_63(seed, path):
    assert 0 <= derive(seed, *path) < 2**63
