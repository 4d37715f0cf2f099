"""Hyperband's brackets in the process of its oracle, made again from what the slots tell."""

from __future__ import annotations

from typing import Any

FACTOR = 3


def make_oracle(epochs: int, **common: Any) -> Any:
    """Return the oracle, which goes round its brackets for as long as it is asked."""
    from keras_tuner import oracles

    return oracles.HyperbandOracle(
        max_epochs=epochs,
        factor=FACTOR,
        # Without end: the slots of the study are the end.
        hyperband_iterations=0,
        **common,
    )


class Brackets:
    """The brackets of a `HyperbandOracle`, numbered in the order they begin in.

    Keras Tuner forgets those that are complete, and calls by the same number those of different
    rounds through all of them; here each keeps a number of its own, so that a slot can say where
    it stands.
    """

    def __init__(self, oracle: Any) -> None:
        """Take over an oracle that has just been made."""
        self._oracle = oracle
        self._all: list[dict[str, Any]] = [*oracle._brackets]
        self._placed: set[int] = set()

    def propose(self, number: int) -> dict[str, Any] | None:
        """Return values for a trial, Keras Tuner's own `tuner/…` among them; None: no more now.

        Its bracket is the number that it has here, and `tuner/promotes` says how many trials of
        its round may go on.
        """
        oracle = self._oracle
        answer = oracle.populate_space(str(number))
        for bracket in oracle._brackets:
            if not any(bracket is known for known in self._all):
                self._all.append(bracket)
        if answer["status"] != "RUNNING":
            return None
        self._placed.add(number)
        place, round_number = self._find(str(number))
        values: dict[str, Any] = answer["values"]
        return values | {
            "tuner/bracket": place,
            "tuner/round": round_number,
            "tuner/promotes": self._promotes(self._all[place], round_number),
        }

    def place(self, number: int, rung: dict[str, Any]) -> None:
        """Put a trial of an earlier oracle where it stood."""
        if number in self._placed:
            return
        self._placed.add(number)
        while len(self._all) <= rung["bracket"]:
            self._oracle._increment_bracket_num()
            self._oracle._start_new_bracket()
            self._all.append(self._oracle._brackets[-1])
        parent = rung["continues"]
        self._all[rung["bracket"]]["rounds"][rung["round"]].append(
            {"past_id": None if parent is None else str(parent), "id": str(number)}
        )

    def _find(self, name: str) -> tuple[int, int]:
        for place, bracket in enumerate(self._all):
            for round_number, entries in enumerate(bracket["rounds"]):
                if any(entry["id"] == name for entry in entries):
                    return place, round_number
        raise AssertionError("an oracle keeps what it proposes in one of its brackets")

    def _promotes(self, bracket: dict[str, Any], round_number: int) -> int:
        if round_number + 1 == len(bracket["rounds"]):
            return 0
        size: int = self._oracle._get_size(bracket["bracket_num"], round_number + 1)
        return size
