"""Which machine a run was measured on."""

from __future__ import annotations

from mnist_search.specs import describe_environment


def test_machines_are_told_apart_where_their_processors_share_a_name() -> None:
    here = describe_environment().model_copy(update={"features": ("avx2",)})
    other = here.model_copy(update={"features": ("avx2", "avx512f")})
    assert here.processor == other.processor
    assert here.machine_id != other.machine_id


def test_a_machine_stays_the_same_with_other_versions() -> None:
    here = describe_environment()
    later = here.model_copy(update={"packages": {"keras": "4.0.0"}, "python": "3.13.0"})
    assert later.machine_id == here.machine_id
