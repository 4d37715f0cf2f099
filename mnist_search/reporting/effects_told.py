"""What varied choices do, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mnist_search.analysis.comparison import Difference
from mnist_search.analysis.effects import ChoiceEffect, EffectLevel, Effects, Interaction
from mnist_search.analysis.traits import describe
from mnist_search.analysis.wording import tell_spread
from mnist_search.analysis.words import plural
from mnist_search.commands.vary import VaryPlan, VaryResult
from mnist_search.reporting.cells import format_cell, spoken, tell_difference
from mnist_search.spaces import ChoiceParameter, SearchSpace
from mnist_search.spaces.parameters import Value

_MEANT = {
    "depth": "depth: hidden dense layers of a perceptron, blocks of a convolutional network, new "
    "ones like the last",
    "width": "width: times the units and filters of all layers",
    "dropout": "dropout: the rate wherever there is dropout, and where there is none, after every "
    "hidden dense layer",
    "optimizer": "optimizer: each with its own documented learning rate",
}


def tell_effects(result: VaryResult) -> Iterator[str]:
    """Yield a sentence for each hyperparameter, and for each interaction that is significant."""
    for effect in result.effects.effects:
        yield _tell_effect(effect, result)
    crossed = result.effects.interactions
    sure = [one for one in crossed if one.difference.significant]
    for one in sure:
        yield _tell_interaction(one)
    if crossed and not sure:
        yield (
            "interactions: none is significant, so that the effects of the hyperparameters add up "
            "as far as these runs can tell"
        )


def tell_notes(result: VaryResult) -> Iterator[str]:
    """Yield what a reader has to know about the figures."""
    effects = result.effects
    if effects.design.kind == "one at a time":
        yield f"* {result.model} itself: {describe(result.config)}"
    else:
        yield f"{result.model}: {describe(result.config)}; each value is a mean over the others"
    if effects.design.kind == "screening":
        yield (
            "screening: no interaction of two hyperparameters disturbs these differences, but "
            "which interactions there are, only a full table says (--factorial)"
        )
    yield (
        f"mean on {_images(effects)} validation images that no run was trained on, ± 95 % interval "
        "of images and seeds; differences and seconds against the first value of each "
        f"hyperparameter; p corrected for all {_comparisons(effects)} comparisons (Holm)"
    )
    if meant := [told for name, told in _MEANT.items() if name in effects.design.choices]:
        yield "; ".join(meant)
    if effects.spread is not None and (told := tell_spread(effects.spread)) is not None:
        yield told
    if effects.missing:
        yield f"{plural(effects.missing, 'network')} not yet run: the same command goes on"
    for effect in effects.effects:
        for level in effect.levels:
            if level.failure is not None:
                yield f"{spoken(effect.name)} {tell_value(level.value)} failed: {level.failure}"
            elif level.collapsed:
                yield f"{spoken(effect.name)} {tell_value(level.value)} predicts a single class"
    if effects.contended:
        yield f"other processes disturbed {plural(effects.contended, 'run')}, whose times are unfit"
    if effects.machines > 1:
        yield f"trained on {effects.machines} machines; times are those of the one with most runs"
    for values, reason in result.left_out:
        told = ", ".join(f"{spoken(name)} {tell_value(value)}" for name, value in values.items())
        yield f"left out: {told}: {reason}"


def tell_plan(plans: Sequence[VaryPlan]) -> Iterator[str]:
    """Yield the minutes that each model will take, and of all of them."""
    for plan in plans:
        expected = plan.expected
        done = f", {plan.done} of them done" if plan.done else ""
        count = plural(plan.networks, "network")
        what = f"{plan.model}: {count}, {expected.runs + plan.done} runs{done}"
        if expected.runs == 0:
            yield f"{what}: nothing is left to train"
            continue
        yield (
            f"{_minutes(expected.wall_seconds)} for {what}, {expected.workers} at a time; training "
            f"time predicted from network size, ±{100 * expected.error:.0f} % for one run"
        )
    if sum(plan.expected.runs > 0 for plan in plans) > 1:
        yield f"{_minutes(sum(plan.expected.wall_seconds for plan in plans))} in all"


def vary_command(study: str, name: str, space: SearchSpace) -> str:
    """Return the command that varies a parameter of a space around the winner of a search."""
    parameter = next(each for each in space.parameters if each.name == name)
    if isinstance(parameter, ChoiceParameter):
        values = ",".join(map(tell_value, parameter.choices))
    else:
        values = f"{tell_value(parameter.low)}:{tell_value(parameter.high)}"
    return f"mnist-search vary {study}:winner --set {name}={values}"


def tell_value(value: Value) -> str:
    """Return a value as it is read."""
    return format_cell(value, "number")


def _tell_effect(effect: ChoiceEffect, result: VaryResult) -> str:
    name = spoken(effect.name)
    known = [(level, level.difference) for level in effect.levels if level.difference is not None]
    known.sort(key=lambda pair: -abs(pair[1].difference))
    sure = [_tell_level(level, gap) for level, gap in known if gap.significant]
    base = tell_value(effect.levels[0].value)
    if sure:
        return f"{name}, against {base}: {'; '.join(sure)}"
    if known:
        largest = _tell_level(*known[0])
        return f"{name}: no significant difference from {base} (the largest: {largest})"
    if all(result.is_left_out(effect.name, level.value) for level in effect.levels[1:]):
        return f"{name}: no other value can be built"
    return f"{name}: nothing to compare yet"


def _tell_level(level: EffectLevel, gap: Difference) -> str:
    cost = ""
    if level.seconds_ratio is not None:
        cost = f"{level.seconds_ratio:.2f} times the seconds, "
    runs = plural(level.runs, "seed" if level.networks == 1 else "run")
    return f"{tell_value(level.value)} {_points(gap)}, {cost}{runs}"


def _tell_interaction(one: Interaction) -> str:
    (first, second), (value, other) = one.names, one.values
    return (
        f"{spoken(first)} {tell_value(value)} together with {spoken(second)} {tell_value(other)}: "
        f"{_points(one.difference)} more than the two alone add up to"
    )


def _points(gap: Difference) -> str:
    return f"{tell_difference(gap).replace('±', '± ')} points"


def tell_holds(known: Sequence[tuple[str, Difference]]) -> str:
    """Return on how many models a value is better or worse, with the differences."""
    signs = {gap.difference > 0 for _, gap in known if gap.significant}
    sure = sum(gap.significant for _, gap in known)
    told = ", ".join(f"{model} {tell_difference(gap)}" for model, gap in known)
    if not sure:
        return f"no significant difference on any: {told}"
    if len(signs) > 1:
        return f"better on some and worse on others: {told}"
    word = "better" if True in signs else "worse"
    where = "all" if sure == len(known) else f"{sure} of {len(known)}, not significant on the rest"
    return f"{word} on {where}: {told}"


def _images(effects: Effects) -> str:
    contenders = [one.contender for _, one in effects.networks if one.contender is not None]
    return f"{contenders[0].estimate.images:,}" if contenders else "the"


def _comparisons(effects: Effects) -> int:
    known = [level.difference for effect in effects.effects for level in effect.levels]
    return sum(gap is not None for gap in known) + len(effects.interactions)


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(2, round(seconds))} seconds"
    minutes = seconds / 60
    return f"about {minutes:.0f} minutes" if minutes < 120 else f"about {minutes / 60:.1f} hours"
