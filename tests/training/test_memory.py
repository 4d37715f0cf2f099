"""Peak memory and the refusal of what cannot fit."""

from __future__ import annotations

import pytest

from mnist_search.specs import Conv, Dense, Flatten, Network
from mnist_search.specs.shapes import measure
from mnist_search.training.memory import check_fits, least_step_bytes, peak_bytes, reset_peak


def test_peak_is_read_in_bytes(tmp_path):
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n")
    assert peak_bytes(tmp_path) == 2048 * 1024


def test_peak_is_unknown_without_proc(tmp_path):
    assert peak_bytes(tmp_path) is None
    (tmp_path / "status").write_text("Name:\tx\n")
    assert peak_bytes(tmp_path) is None


def test_reset_writes_what_linux_wants(tmp_path):
    (tmp_path / "clear_refs").write_text("")
    assert reset_peak(tmp_path)
    assert (tmp_path / "clear_refs").read_text() == "5"
    assert not reset_peak(tmp_path / "nowhere")


def test_least_bytes_of_a_step():
    size = measure(Network(layers=(Conv(filters=2, kernel=3), Flatten(), Dense(units=5))))
    parameters = (9 + 1) * 2 + (26 * 26 * 2 + 1) * 5 + (5 + 1) * 10
    outputs = 26 * 26 * 2 + 5 + 10
    both_ways = 2 * parameters * 4
    assert least_step_bytes(size, batch_images=7, precision="float32") == outputs * 28 + both_ways
    assert least_step_bytes(size, batch_images=7, precision="bfloat16") == outputs * 14 + both_ways


def test_what_cannot_fit_is_refused_in_one_sentence():
    size = measure(Network(layers=(Conv(filters=4096, kernel=5), Flatten())))
    with pytest.raises(MemoryError, match=r"4000 images needs \d+\.\d GiB or more, .* has 16\.0"):
        check_fits(size, batch_images=4000, precision="float32", memory_bytes=2**34)


def test_what_may_fit_is_let_through():
    size = measure(Network(layers=(Flatten(), Dense(units=10))))
    needed = least_step_bytes(size, batch_images=32, precision="float32")
    check_fits(size, batch_images=32, precision="float32", memory_bytes=needed)
    check_fits(size, batch_images=32, precision="float32", memory_bytes=None)
    with pytest.raises(MemoryError):
        check_fits(size, batch_images=32, precision="float32", memory_bytes=needed - 1)
