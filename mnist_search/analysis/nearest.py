"""The reference nearest to a trial: which hyperparameters differ, and how far."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mnist_search.references import Reference
from mnist_search.spaces import Family, SearchSpace, Setting, Value, get_family
from mnist_search.spaces.families import held_out
from mnist_search.spaces.parameters import same
from mnist_search.specs import ModelFamily, RunConfig

# Two numbers that differ by this factor are as far apart as two words.
FARTHEST_FACTOR = 16
# A stack of layers can be cut into blocks in many ways; the first ones are the plainest.
MOST_READINGS = 32
EPOCHS = "epochs"
DEPTH = "depth"

_DEPTHS = {"blocks": DEPTH, "convs": DEPTH, "dense_layers": "dense_layers"}
_LAYERS = {"block": DEPTH, "conv": DEPTH, "dense": "dense_layers"}

Reading = Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Settings that differ and make sense together only, a condition and what hangs on it.

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
    What hangs on a setting that differs (the learning rate on the optimizer) counts nothing more.
    """
    family = get_family(space.family)
    ours = list(_readings(family, config))
    found: list[tuple[bool, float, str, Comparison]] = []
    for reference in references:
        if reference.family != space.family:
            continue
        theirs = list(_readings(family, reference.config))
        if not ours or not theirs:
            continue
        pairs = itertools.product(ours, theirs)
        distance, one, other = min(
            ((_distance(family, one, other), one, other) for one, other in pairs),
            key=lambda pair: pair[0],
        )
        located = space.locate(reference.run_config("held-out")) is not None
        comparison = Comparison(
            family=space.family,
            reference=reference,
            located=located,
            distance=distance,
            changes=_changes(family, one, other),
            reading=one,
        )
        found.append((not located, distance, reference.name, comparison))
    return min(found, key=lambda entry: entry[:3])[3] if found else None


def build_reading(family: ModelFamily, reading: Reading) -> RunConfig:
    """Return the held-out configuration that a reading says."""
    values = {name: value for name, value in reading.items() if name != EPOCHS}
    return get_family(family).build(values, int(reading[EPOCHS]))


def _readings(family: Family, config: RunConfig) -> Iterator[dict[str, Value]]:
    plain = held_out(config)
    for reading in itertools.islice(family.readings(plain), MOST_READINGS):
        yield {**reading, EPOCHS: plain.training.epochs}


def _changes(family: Family, ours: Reading, theirs: Reading) -> tuple[Change, ...]:
    different = _different(ours, theirs)
    heads = {_head(family, name) for name in different if name in ours and name in theirs}
    members: dict[str, list[str]] = {}
    for name in different:
        members.setdefault(_change_name(family, name, ours, theirs, heads), []).append(name)
    distances = _distances(family, ours, theirs)
    changes = []
    for change, names in members.items():
        settings = tuple(dict.fromkeys(_base(family, name) for name in names))
        # Depth shows how many layers there are; their own settings are told where they differ.
        told = [name for name in settings if _DEPTHS.get(name) == change] or list(settings)
        changes.append(
            Change(
                name=change,
                settings=settings,
                ours=_tell(family, told, ours),
                theirs=_tell(family, told, theirs),
                distance=sum(
                    distances.get(name, 0.0) for name in settings if _owner(family, name) == change
                ),
                moved={name: theirs[name] for name in names if name in theirs},
            )
        )
    return tuple(sorted(changes, key=lambda change: (-change.distance, change.name)))


def _change_name(family: Family, name: str, ours: Reading, theirs: Reading, heads: set[str]) -> str:
    """Return the change that a setting belongs to: its own, or that of its condition."""
    setting = _setting(family, name)
    if setting is None:
        return name
    if setting.level == "optimizer" and "optimizer" in heads:
        return "optimizer"
    if name in ours and name in theirs:
        return _head(family, name)
    parents = [_owner(family, need.parameter) for need in setting.needs]
    if setting.level in _LAYERS:
        parents.append(_LAYERS[setting.level])
    return next((parent for parent in parents if parent in heads), _head(family, name))


def _head(family: Family, name: str) -> str:
    return _owner(family, _base(family, name))


def _owner(family: Family, base: str) -> str:
    """Return the change that a setting belongs to when it is in both readings."""
    return _DEPTHS.get(base, base)


def _base(family: Family, name: str) -> str:
    setting = _setting(family, name)
    return name if setting is None else setting.name


def _setting(family: Family, name: str) -> Setting | None:
    resolved = family.resolve(name)
    return None if resolved is None else resolved[0]


def _different(ours: Reading, theirs: Reading) -> list[str]:
    names = dict.fromkeys([*ours, *theirs])
    return [
        name
        for name in names
        if name not in ours or name not in theirs or not same(ours[name], theirs[name])
    ]


def _distance(family: Family, ours: Reading, theirs: Reading) -> float:
    return sum(_distances(family, ours, theirs).values())


def _distances(family: Family, ours: Reading, theirs: Reading) -> dict[str, float]:
    """Return the part of each setting that differs in the distance."""
    parts: dict[str, list[float]] = {}
    different = set(_different(ours, theirs))
    heads = {_base(family, name) for name in different if name in ours and name in theirs}
    for name in dict.fromkeys([*ours, *theirs]):
        setting = _setting(family, name)
        base = name if setting is None else setting.name
        both = name in ours and name in theirs
        if setting is not None and _hangs(setting, heads, both=both):
            continue
        apart = 0.0 if name not in different else 1.0
        if name in different and both:
            apart = _apart(setting, ours[name], theirs[name])
        parts.setdefault(base, []).append(apart)
    means = {base: sum(found) / len(found) for base, found in parts.items()}
    return {base: mean for base, mean in means.items() if mean > 0}


def _hangs(setting: Setting, heads: set[str], *, both: bool) -> bool:
    """Say whether a setting, of `both` or of one alone, only follows from one that differs."""
    if setting.level == "optimizer" and "optimizer" in heads:
        return True
    return not both and any(need.parameter in heads for need in setting.needs)


def _apart(setting: Setting | None, one: Value, other: Value) -> float:
    if isinstance(one, bool | str) or isinstance(other, bool | str):
        return 1.0
    if setting is not None and setting.high is not None and setting.high <= 1:
        return min(1.0, abs(one - other))
    if one <= 0 or other <= 0:
        return 1.0
    return min(1.0, abs(math.log(one / other)) / math.log(FARTHEST_FACTOR))


def _tell(family: Family, settings: Sequence[str], reading: Reading) -> str:
    """Return the values of settings in a few words: `32/64`, or `adam, learning rate 0.001`.

    What hangs on another setting goes without saying where it is the family's default.
    """
    told = []
    for setting in settings:
        values = [value for name, value in reading.items() if _base(family, name) == setting]
        plain = len(settings) == 1 or setting in ("optimizer", "augmentation")
        known = family.settings.get(setting)
        hangs = not plain and known is not None and bool(known.needs)
        if not values or (hangs and {*values} == {family.settings[setting].default}):
            continue
        alike = all(same(value, values[0]) for value in values)
        shown = "/".join(_show(value) for value in (values[:1] if alike else values))
        told.append(shown if plain else f"{setting.replace('_', ' ')} {shown}")
    return ", ".join(told) if told else "-"


def _show(value: Value) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}"
        case _:
            return str(value)
