"""Which machine a run was measured on."""

from __future__ import annotations

import platform
from pathlib import Path

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


def test_the_processor_of_a_mac_is_told_by_sysctl(tmp_path: Path) -> None:
    sysctl = tmp_path / "usr" / "sbin" / "sysctl"
    sysctl.parent.mkdir(parents=True)
    sysctl.write_text('#!/bin/sh\ntest "$2" = machdep.cpu.brand_string && echo "Apple M3 Pro"\n')
    sysctl.chmod(0o755)
    assert describe_environment(tmp_path).processor == "Apple M3 Pro"


def test_a_processor_without_a_name_is_told_by_its_architecture(tmp_path: Path) -> None:
    here = describe_environment(tmp_path)
    assert here.processor == platform.machine()
    assert here.features == ()
    # Nothing to be read there limits the cores either.
    assert here.cores >= 1
