"""The times that a benchmark is expected to take are those of the report that comes along."""

from __future__ import annotations

import json
from pathlib import Path

from mnist_search.references import REFERENCES
from mnist_search.references.times import FIT_SECONDS, MEASURED_ON, TRAIN_IMAGES

REPORT = Path(__file__).parents[2] / "reports" / "references.json"


def test_every_reference_has_the_time_that_was_measured() -> None:
    rows = json.loads(REPORT.read_text())["rows"]
    measured = {row["name"]: row for row in rows if row["protocol"] == "documented"}
    assert set(FIT_SECONDS) == set(measured) == {reference.name for reference in REFERENCES}
    for name, seconds in FIT_SECONDS.items():
        assert seconds == round(measured[name]["fit_seconds"], 1)
        machine = measured[name]["machine"]
        assert f"{machine['cores']} cores of an {machine['processor']}" == MEASURED_ON
        assert measured[name]["dataset"] == "mnist"
    assert TRAIN_IMAGES == 60_000
