"""A reader of studies that shares nothing with the program: lines of JSON, as Optuna wrote them."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
OVER = ("COMPLETE", "PRUNED", "FAIL")


@dataclass(kw_only=True)
class Trial:
    """What the lines say of a trial."""

    state: str
    params: dict[str, float]
    values: list[float] | None = None
    reports: dict[int, float] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Study:
    """A study read line by line."""

    path: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines that have their end."""
        *whole, _ = self.path.read_bytes().split(b"\n")
        return [json.loads(line) for line in whole]

    def trials(self) -> list[Trial]:
        found: list[Trial] = []
        for line in self.lines():
            match line["op_code"]:
                case 4:
                    values = line.get("values")
                    single = line.get("value")
                    found.append(
                        Trial(
                            state=STATES[line.get("state", 0)],
                            params=line.get("params", {}),
                            values=[single] if values is None and single is not None else values,
                            attributes=dict(line.get("user_attrs", {})),
                        )
                    )
                case 5:
                    trial = found[line["trial_id"]]
                    trial.params[line["param_name"]] = line["param_value_internal"]
                case 6:
                    trial = found[line["trial_id"]]
                    assert trial.state not in OVER, "a trial that was over has changed"
                    trial.state = STATES[line["state"]]
                    trial.values = line["values"] if line["values"] is not None else trial.values
                case 7:
                    reports = found[line["trial_id"]].reports
                    reports[line["step"]] = line["intermediate_value"]
                case 8:
                    found[line["trial_id"]].attributes.update(line["user_attr"])
        return found

    def states(self) -> dict[int, str]:
        return {number: trial.state for number, trial in enumerate(self.trials())}

    def values(self) -> dict[int, float]:
        """Return the first value of every trial that has one."""
        trials = enumerate(self.trials())
        return {number: trial.values[0] for number, trial in trials if trial.values}

    def params(self) -> dict[tuple[int, str], float]:
        return {
            (number, name): value
            for number, trial in enumerate(self.trials())
            for name, value in trial.params.items()
        }

    def attributes(self, key: str) -> dict[int, Any]:
        return {
            number: trial.attributes[key]
            for number, trial in enumerate(self.trials())
            if key in trial.attributes
        }

    def study_attribute(self, key: str) -> Any:
        found = [line["user_attr"] for line in self.lines() if line["op_code"] == 2]
        return [each[key] for each in found if key in each][-1]

    def reported(self) -> list[int]:
        """Return the trials that have reported anything."""
        return [number for number, trial in enumerate(self.trials()) if trial.reports]

    def whole(self, trials: int) -> None:
        """Check that it has exactly so many trials, all over, and that the file is sound."""
        assert self.path.read_bytes().endswith(b"\n"), "the last line has no end"
        states = self.states()
        assert sorted(states) == list(range(trials)), f"{len(states)} trials, not {trials}"
        left = {number: state for number, state in states.items() if state not in OVER}
        assert not left, f"trials left behind: {left}"

    def change(self, number: int, **attributes: Any) -> None:
        """Set attributes of a trial, as a stranger may who made the study."""
        for key, value in attributes.items():
            self._put({"op_code": 8, "trial_id": number, "user_attr": {key: value}})

    def change_study(self, key: str, value: Any) -> None:
        """Set an attribute of the study, as a stranger may who made it."""
        self._put({"op_code": 2, "study_id": 0, "user_attr": {key: value}})

    def _put(self, new: dict[str, Any]) -> None:
        """Write over the line that sets the same, with its checksum, or add one without."""
        (key,) = new["user_attr"]
        lines, found = self.lines(), False
        for line in lines:
            same = all(line.get(name) == new[name] for name in new if name != "user_attr")
            if same and key in line["user_attr"]:
                line.update(new)
                found = True
        if not found:
            lines.append({"worker_id": "stranger", **new})
        self.path.write_bytes(b"".join(map(_signed, lines)))


def _signed(line: dict[str, Any]) -> bytes:
    number = line.pop("crc32", None)
    text = json.dumps(line, separators=(",", ":")).encode()
    if number is None:
        return text + b"\n"
    return b'%s,"crc32":%d}\n' % (text[:-1], zlib.crc32(text[:-1]))
