"""Keras Tuner's hyperband as a sampler: proposals that go on from earlier trials."""

from __future__ import annotations

from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial

from mnist_search.engines._keras_tuner import OracleSampler
from mnist_search.engines._samplers import is_given
from mnist_search.specs import Rung
from mnist_search.specs.rung import RUNG


class HyperbandSampler(OracleSampler):
    """Hands out points together with the epochs that they are worth, and what they go on from.

    A slot's rung is written before it is claimed, so that a slot which is given back, or whose
    owner dies at any moment, runs as it was meant. Slots that come with values have no rung: they
    train all epochs, beside the brackets.
    """

    def prepare(self, study: Study, slot: FrozenTrial) -> bool:
        self._point = {}
        stored = slot.user_attrs.get(RUNG)
        if stored is not None:
            self._point = Rung.model_validate(stored).values
            return True
        if is_given(slot):
            return True
        raw = self._propose(study, slot.number)
        if raw is None:
            return False
        rung = self._rung(study, raw)
        # Optuna's own `Trial` would ask this sampler for a proposal first.
        study._storage.set_trial_user_attr(slot._trial_id, RUNG, rung.model_dump(mode="json"))
        self._point = rung.values
        return True

    def _rung(self, study: Study, raw: dict[str, Any]) -> Rung:
        own = {name: value for name, value in raw.items() if name.startswith("tuner/")}
        parent = own.get("tuner/trial_id")
        if parent is None:
            continues = None
            values = self._decode({name: raw[name] for name in raw.keys() - own.keys()})
        else:
            continues = int(parent)
            # The parent's very own, not what became of them on the way through the oracle.
            values = dict(study.get_trials(deepcopy=False)[continues].params)
        return Rung(
            bracket=own["tuner/bracket"],
            round=own["tuner/round"],
            initial_epoch=own["tuner/initial_epoch"],
            epochs=own["tuner/epochs"],
            continues=continues,
            promotes=own["tuner/promotes"],
            values=values,
        )
