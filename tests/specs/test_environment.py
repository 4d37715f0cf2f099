"""Which machine a run was measured on."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from mnist_search.specs import Device, Environment, describe_environment

GPU = Device(kind="gpu", name="NVIDIA T4", compute_capability=(7, 5))


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


def test_each_device_is_a_machine_of_its_own_and_told() -> None:
    devices = [None, GPU, GPU.model_copy(update={"workers": 2}), Device(kind="gpu", name="other")]
    found = [describe_environment(device=device) for device in devices]
    assert len({each.machine_id for each in found}) == 4
    assert found[0].device == Device(name=found[0].processor)
    assert found[0].summary.startswith(found[0].processor)
    assert found[2].summary.startswith(
        f"NVIDIA T4 shared by 2 workers beside {found[0].processor}, "
    )


def test_records_without_a_device_are_of_an_unknown_cpu_and_the_same_machine() -> None:
    here = describe_environment()
    facts = here.model_dump(mode="json")
    del facts["device"]
    old = Environment.model_validate(facts)
    assert old.device == Device(kind="cpu", name=None)
    assert old.device.label == "unknown cpu"
    assert old.machine_id == here.machine_id


@pytest.mark.parametrize(
    ("features", "fast"),
    [
        ((), ()),
        (("avx2", "avx512f"), ()),
        (("avx2", "avx512f", "avx512_bf16"), ("avx512_bf16",)),
        (("avx2", "amx_bf16"), ("amx_bf16",)),
    ],
)
def test_bfloat16_is_fast_on_processors_that_multiply_in_it(
    features: tuple[str, ...], fast: tuple[str, ...]
) -> None:
    here = describe_environment().model_copy(update={"features": features})
    assert here.fast_bfloat16 == fast


@pytest.mark.parametrize(
    ("capability", "fast"),
    [
        (None, ()),
        ((7, 5), ()),
        ((8, 0), ("compute capability 8.0",)),
        ((10, 0), ("compute capability 10.0",)),
    ],
)
def test_bfloat16_is_fast_on_gpus_from_ampere_on_whatever_the_processor(
    capability: tuple[int, int] | None, fast: tuple[str, ...]
) -> None:
    device = GPU.model_copy(update={"compute_capability": capability})
    here = describe_environment(device=device).model_copy(update={"features": ("amx_bf16",)})
    assert here.fast_bfloat16 == fast
    # A ledger is JSON.
    assert Environment.model_validate_json(here.model_dump_json()) == here
