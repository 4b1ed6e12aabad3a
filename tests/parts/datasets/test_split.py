"""Which samples are for validation: of each group its share, never all of it, and the same ones each time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcli.parts.datasets._split import held_out, tail, whole_groups

groups = st.lists(st.integers(0, 3), max_size=60)
shares = st.floats(0.01, 0.99)


@given(groups, shares, st.integers(0, 9))
def test_of_each_group_its_share(labels, share, seed):
    chosen = held_out(labels, share, seed)
    assert chosen == sorted(set(chosen)) == held_out(labels, share, seed)
    sizes, held = Counter(labels), Counter(labels[n] for n in chosen)
    assert all(held[label] < size for label, size in sizes.items())
    if len(chosen) > 1:
        assert all(held[label] == min(round(share * size), size - 1) for label, size in sizes.items())
    assert bool(chosen) == any(size > 1 for size in sizes.values())


def test_another_seed_draws_others():
    assert held_out([0] * 100, 0.2, 0) != held_out([0] * 100, 0.2, 1)


@given(st.integers(2, 1000), shares)
def test_a_tail_leaves_both_parts_something(samples, share):
    assert 1 <= tail(samples, share) < samples


def test_a_draw_is_the_same_on_every_machine():
    assert held_out([0, 1] * 10, 0.3, 0) == [6, 12, 13, 15, 16, 19]


def test_whole_groups_are_drawn_and_never_all():
    groups = ["a"] * 6 + ["b"] * 3 + ["c"]
    for seed in range(20):
        chosen = whole_groups(groups, 0.3, seed)
        assert chosen == sorted(chosen)
        assert 0 < len(chosen) < 10
        held = {groups[n] for n in chosen}
        assert len(chosen) == sum(group in held for group in groups)
    assert whole_groups(groups, 0.3, 1) == whole_groups(groups, 0.3, 1)
    with pytest.raises(ValueError, match="all samples are of one group"):
        whole_groups(["a", "a"], 0.5, 0)


def test_a_group_too_large_for_the_share_is_passed_over():
    groups = ["most"] * 90 + ["a"] * 4 + ["b"] * 6
    for seed in range(20):
        held = {groups[n] for n in whole_groups(groups, 0.1, seed)}
        assert held <= {"a", "b"}
    assert {("a" * 9 + "b" * 5)[n] for n in whole_groups("a" * 9 + "b" * 5, 0.01, 0)} == {"b"}
