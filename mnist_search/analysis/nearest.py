"""The reference nearest to a trial: which hyperparameters differ, and how far."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mnist_search.references import Reference
from mnist_search.spaces import Family, SearchSpace, Setting, Value, get_family
from mnist_search.spaces.families import EPOCHS as EPOCHS_SETTING
from mnist_search.spaces.parameters import same
from mnist_search.specs import ModelFamily, RunConfig

# Two numbers that differ by this factor are as far apart as two words.
FARTHEST_FACTOR = 16
# A stack of layers can be cut into blocks in many ways; the first ones are the plainest.
MOST_READINGS = 32
EPOCHS = EPOCHS_SETTING.name
DEPTH = "depth"

_DEPTHS = {"blocks": DEPTH, "convs": DEPTH, "dense_layers": "dense_layers"}
_LAYERS = {"block": DEPTH, "conv": DEPTH, "dense": "dense_layers"}

Reading = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Settings that differ and make sense together only, a condition and what depends on it.

    `settings` names them, `moved` holds the reference's values, layer by layer; `ours` and
    `theirs` say the values of the trial and the reference. `distance` is their part of the whole.
    """

    name: str
    settings: tuple[str, ...]
    ours: str
    theirs: str
    distance: float
    moved: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A configuration against a reference: what differs, the farthest apart first.

    `reading` says the configuration in the family's words, layer by layer, epochs too.
    """

    family: ModelFamily
    reference: Reference
    located: bool
    distance: float
    changes: tuple[Change, ...]
    reading: Reading


def nearest_reference(
    config: RunConfig, space: SearchSpace, references: Sequence[Reference]
) -> Comparison | None:
    """Return the nearest reference of a trial's family, None where there is none to compare with.

    References that are points of the space come before all others. The distance is a sum over
    the settings of the family: a text or flag that differs counts 1, a number the logarithm of
    the ratio, with a factor of 16 or more as 1, a share or rate the difference; a setting of
    layers is the mean over the layers of both, and a layer that only one of them has counts 1.
    What depends on a setting that differs (the learning rate on the optimizer) adds nothing.
    """
    family = get_family(space.family)
    ours = _readings(family, config)
    found = []
    for reference in references:
        theirs = [] if reference.family != space.family else _readings(family, reference.config)
        pairs = [_Pair(family, one, other) for one, other in itertools.product(ours, theirs)]
        if not pairs:
            continue
        nearest = min(pairs, key=lambda pair: sum(pair.distances.values()))
        comparison = Comparison(
            family=space.family,
            reference=reference,
            located=space.locate(reference.run_config("held-out")) is not None,
            distance=sum(nearest.distances.values()),
            changes=nearest.changes(),
            reading=nearest.ours,
        )
        found.append(comparison)
    return min(
        found, key=lambda one: (not one.located, one.distance, one.reference.name), default=None
    )


def build_reading(family: ModelFamily, reading: Reading) -> RunConfig:
    """Return the held-out configuration that a reading says."""
    return get_family(family).build(reading, int(reading[EPOCHS]))


def _readings(family: Family, config: RunConfig) -> list[dict[str, Value]]:
    return list(itertools.islice(family.readings(config), MOST_READINGS))


class _Pair:
    """Two readings of one family beside each other, by the names of their values.

    A name such as `filters_2` is of a setting, here `filters`; what one block, convolution or
    dense layer more or less brings belongs to the depth.
    """

    def __init__(self, family: Family, ours: Reading, theirs: Reading) -> None:
        self.family, self.ours, self.theirs = family, ours, theirs
        self.names = tuple(dict.fromkeys([*ours, *theirs]))
        self.both = {name for name in self.names if name in ours and name in theirs}
        self.different = {
            name
            for name in self.names
            if name not in self.both or not same(ours[name], theirs[name])
        }
        self.heads = {self.base(name) for name in self.different & self.both}

    def setting(self, name: str) -> Setting | None:
        resolved = self.family.resolve(name)
        return None if resolved is None else resolved[0]

    def base(self, name: str) -> str:
        setting = self.setting(name)
        return name if setting is None else setting.name

    @cached_property
    def distances(self) -> dict[str, float]:
        """The part of each setting that differs in the distance."""
        parts: dict[str, list[float]] = {}
        for name in self.names:
            setting = self.setting(name)
            if setting is None or not self._follows(name, setting):
                apart = 1.0 if name in self.different else 0.0
                if name in self.different & self.both:
                    apart = _apart(setting, self.ours[name], self.theirs[name])
                parts.setdefault(self.base(name), []).append(apart)
        means = {base: sum(found) / len(found) for base, found in parts.items()}
        return {base: mean for base, mean in means.items() if mean > 0}

    def _follows(self, name: str, setting: Setting) -> bool:
        """Say whether a setting only follows from another one that differs."""
        if setting.level == "optimizer" and "optimizer" in self.heads:
            return True
        needs = (need.parameter for need in setting.needs)
        return name not in self.both and any(need in self.heads for need in needs)

    def changes(self) -> tuple[Change, ...]:
        """Return what differs, the farthest apart first."""
        members: dict[str, list[str]] = {}
        for name in self.names:
            if name in self.different:
                members.setdefault(self._change_of(name), []).append(name)
        changes = []
        for change, names in members.items():
            settings = tuple(dict.fromkeys(self.base(name) for name in names))
            # Depth shows how many layers there are; their own settings are told where they differ.
            told = [name for name in settings if _DEPTHS.get(name) == change] or list(settings)
            own = [name for name in settings if _DEPTHS.get(name, name) == change]
            changes.append(
                Change(
                    name=change,
                    settings=settings,
                    ours=self._tell(told, self.ours),
                    theirs=self._tell(told, self.theirs),
                    distance=sum(self.distances.get(name, 0.0) for name in own),
                    moved={name: self.theirs[name] for name in names if name in self.theirs},
                )
            )
        return tuple(sorted(changes, key=lambda change: (-change.distance, change.name)))

    def _change_of(self, name: str) -> str:
        """Return the change that a name belongs to: its own, or that of its condition."""
        setting = self.setting(name)
        if setting is None:
            return name
        if setting.level == "optimizer" and "optimizer" in self.heads:
            return "optimizer"
        own = _DEPTHS.get(setting.name, setting.name)
        if name in self.both:
            return own
        parents = [_DEPTHS.get(need.parameter, need.parameter) for need in setting.needs]
        if setting.level in _LAYERS:
            parents.append(_LAYERS[setting.level])
        heads = {_DEPTHS.get(head, head) for head in self.heads}
        return next((parent for parent in parents if parent in heads), own)

    def _tell(self, settings: Sequence[str], reading: Reading) -> str:
        """Return the values of settings in a few words: `32/64`, or `adam, learning rate 0.001`.

        What depends on another setting goes without saying where it is the family's default.
        """
        told = []
        for setting in settings:
            values = [value for name, value in reading.items() if self.base(name) == setting]
            plain = len(settings) == 1 or setting in ("optimizer", "augmentation")
            known = self.family.settings.get(setting)
            usual = not plain and known is not None and known.needs and {*values} == {known.default}
            if not values or usual:
                continue
            alike = all(same(value, values[0]) for value in values)
            shown = "/".join(_show(value) for value in (values[:1] if alike else values))
            told.append(shown if plain else f"{setting.replace('_', ' ')} {shown}")
        return ", ".join(told) if told else "-"


def _apart(setting: Setting | None, one: Value, other: Value) -> float:
    if isinstance(one, bool | str) or isinstance(other, bool | str):
        return 1.0
    if setting is not None and setting.high is not None and setting.high <= 1:
        return min(1.0, abs(one - other))
    if one <= 0 or other <= 0:
        return 1.0
    return min(1.0, abs(math.log(one / other)) / math.log(FARTHEST_FACTOR))


def _show(value: Value) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)
