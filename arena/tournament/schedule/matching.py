"""Pairing everybody: `pair_up`, on augmenting paths."""

from collections import deque
from collections.abc import Sequence

_NOBODY = -1


def pair_up(preferences: Sequence[Sequence[int]]) -> list[tuple[int, int]] | None:
    """Pairs of the numbers 0, 1, …; None when they cannot all be paired.

    `preferences` lists for each number whom it may have as a partner, the best first; who lists somebody
    is listed by them. The lowest number that is free takes the first of its list that leaves a partner for
    everybody else, and so on.
    """
    mate = _matching(preferences)
    if _NOBODY in mate:
        return None
    free = [True] * len(mate)
    found = []
    for one, choices in enumerate(preferences):
        if free[one]:
            left = (choice for choice in choices if free[choice])
            other = next(choice for choice in left if _take(one, choice, preferences, mate, free))
            free[one] = free[other] = False
            found.append((one, other))
    return found


def _take(one: int, other: int, graph: Sequence[Sequence[int]], mate: list[int], free: list[bool]) -> bool:
    """Make a perfect matching one that pairs these two, if there is any; True when it is done."""
    if mate[one] == other:
        return True
    left, right = mate[one], mate[other]
    free[one] = free[other] = False
    mate[left] = mate[right] = _NOBODY
    done = _augment(left, graph, mate, free)
    free[one] = free[other] = True
    if done:
        mate[one], mate[other] = other, one
    else:
        mate[left], mate[right] = one, other
    return done


def _matching(graph: Sequence[Sequence[int]]) -> list[int]:
    """The partner of each in a largest matching."""
    mate = [_NOBODY] * len(graph)
    free = [True] * len(graph)
    for one, choices in enumerate(graph):
        if mate[one] == _NOBODY:
            other = next((choice for choice in choices if mate[choice] == _NOBODY), _NOBODY)
            if other != _NOBODY:
                mate[one], mate[other] = other, one
    for one in range(len(graph)):
        if mate[one] == _NOBODY:
            _augment(one, graph, mate, free)
    return mate


def _augment(root: int, graph: Sequence[Sequence[int]], mate: list[int], free: Sequence[bool]) -> bool:
    """Find a partner for `root` by re-pairing others along a path; False when there is no such path.

    Source: J. Edmonds, "Paths, trees, and flowers", Canadian Journal of Mathematics 17 (1965), as a
    breadth-first search in which `base` says to which blossom a vertex has been contracted.
    """
    parent = [_NOBODY] * len(graph)
    base = list(range(len(graph)))
    outer = {root}
    queue = deque([root])
    while queue:
        vertex = queue.popleft()
        for near in graph[vertex]:
            if not free[near] or base[vertex] == base[near] or mate[vertex] == near:
                continue
            if near in outer:
                for inside in _contract(vertex, near, parent, base, mate):
                    if inside not in outer:
                        outer.add(inside)
                        queue.append(inside)
            elif parent[near] == _NOBODY:
                parent[near] = vertex
                if mate[near] == _NOBODY:
                    _flip(near, parent, mate)
                    return True
                outer.add(mate[near])
                queue.append(mate[near])
    return False


def _contract(one: int, other: int, parent: list[int], base: list[int], mate: Sequence[int]) -> list[int]:
    """Shrink the odd cycle that an edge between two outer vertices closes; all that is in it."""
    stem = _stem(one, other, parent, base, mate)
    blossom: set[int] = set()
    for start, child in ((one, other), (other, one)):
        vertex = start
        while base[vertex] != stem:
            blossom |= {base[vertex], base[mate[vertex]]}
            parent[vertex] = child
            child = mate[vertex]
            vertex = parent[child]
    inside = [vertex for vertex in range(len(base)) if base[vertex] in blossom]
    for vertex in inside:
        base[vertex] = stem
    return inside


def _stem(one: int, other: int, parent: Sequence[int], base: Sequence[int], mate: Sequence[int]) -> int:
    """Where the ways from two outer vertices to the root first meet."""
    passed = set()
    vertex = base[one]
    passed.add(vertex)
    while mate[vertex] != _NOBODY:
        vertex = base[parent[mate[vertex]]]
        passed.add(vertex)
    vertex = base[other]
    while vertex not in passed:
        vertex = base[parent[mate[vertex]]]
    return vertex


def _flip(end: int, parent: Sequence[int], mate: list[int]) -> None:
    """Swap paired and unpaired edges on the way from `end` back to the root."""
    vertex = end
    while vertex != _NOBODY:
        before = parent[vertex]
        following = mate[before]
        mate[vertex], mate[before] = before, vertex
        vertex = following
