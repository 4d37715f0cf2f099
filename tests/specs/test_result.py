"""What came out of a run, as it is stored."""

from __future__ import annotations

import pytest

from mnist_search.specs import RunResult

RESULT = RunResult(status="complete", config_id="0123456789abcdef", seed=1)


def test_a_result_of_version_0_1_is_read() -> None:
    gone = {"initial_epoch": 3, "restarted": "no checkpoint", "checkpoint_sha256": "ab"}
    assert RunResult.model_validate(RESULT.model_dump(mode="json") | gone) == RESULT


def test_no_other_key_is_read_over() -> None:
    with pytest.raises(ValueError, match="final_epoch"):
        RunResult.model_validate(RESULT.model_dump(mode="json") | {"final_epoch": 3})
