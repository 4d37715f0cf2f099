"""Gathering what can be drawn of a finished run, and what cannot be and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_search.cli.streams import say
from mnist_search.errors import DataError, UsageError

if TYPE_CHECKING:
    from mnist_search.reporting.portrait import Answered, Convolved, EpochFigures, Portrait
    from mnist_search.specs import Record, RunConfig, RunResult
    from mnist_search.training.data import Labelled
    from mnist_search.training.weights import TrainedModel

DIGIT = 7


def gather(
    record: Record, records: Sequence[Record], folder: Path, *, digit: int | None
) -> tuple[Portrait, list[str]]:
    """Return what is known of a run that is over, and a phrase for each thing that is not.

    `digit` is the class to make feature maps of, None: 7, where there are any.
    Raises DataError where stored weights or predictions are not those that the study wrote.
    """
    from mnist_search.reporting.portrait import Portrait, from_first_epoch
    from mnist_search.specs import LinearClassifier
    from mnist_search.studies import run_name, stored_weights
    from mnist_search.training.weights import COEFFICIENTS, kernels, load_weights

    config, result = record.config, record.result
    assert config is not None
    assert result is not None
    missing: list[str] = []
    shown_digit = DIGIT if digit is None else digit
    if digit is not None and not _has_convolutions(config):
        missing.append("feature maps: it has no convolution")
    path = stored_weights(folder, record)
    weights = None
    if path is not None:
        assert result.weights_sha256 is not None
        weights = load_weights(path, sha256=result.weights_sha256)
    else:
        missing.append(_without_weights(config, result))
    images = None
    if weights is not None or result.predictions is not None:
        images = _images(record, config, missing)
    answered: Answered | None = None
    convolved: list[Convolved] = []
    convolved_image = None
    if weights is not None:
        from mnist_search.training.weights import TrainedModel

        with quiet_loading():
            model = TrainedModel(config, weights, precision=result.precision)
        if images is not None:
            answered = _ask(model, images, config)
            shown = _first_of(images, shown_digit) if _has_convolutions(config) else None
            if shown is not None:
                convolved = _convolve(model, shown)
                convolved_image = shown.images[0]
            elif _has_convolutions(config):
                missing.append(f"feature maps: the images hold no {shown_digit}")
    elif images is not None:
        answered = _remember(result, images, config)
    if answered is not None and answered.mistakes == 0:
        missing.append("mistakes: every answer is right")
    if not result.epochs:
        missing.append("learning curves: it recorded no whole epoch")
    linear = isinstance(config.model, LinearClassifier)
    first = result.epochs[0].epoch if result.epochs else 1
    name = run_name(record, records)
    portrait = Portrait(
        name=name,
        title=_title(name, record),
        epochs=from_first_epoch(result.epochs, first),
        published=_published(record),
        kernels={} if weights is None else kernels(weights, config.model),
        coefficients=weights[COEFFICIENTS] if weights is not None and linear else None,
        answered=answered,
        convolved=convolved,
        convolved_image=convolved_image,
        digit=shown_digit,
    )
    return portrait, missing


def tell_missing(
    portrait: Portrait, missing: Sequence[str], records: Sequence[Record], folder: Path
) -> None:
    """Say in one line on stderr what is not drawn, and why.

    Raises UsageError where nothing is left to draw.
    """
    from mnist_search.studies import stored_weights

    if not missing:
        return
    told = "; ".join(missing)
    stored = [str(r.number) for r in records if stored_weights(folder, r) is not None]
    runs = f"{'run' if len(stored) == 1 else 'runs'} {', '.join(stored)}"
    hint = f"the study has the weights of {runs}" if stored else None
    if portrait.empty:
        raise UsageError(f"nothing of {portrait.name} can be drawn: {told}", hint=hint)
    help = f" ({hint})" if hint is not None and not portrait.kernels else ""
    say(f"{portrait.name}: not drawn: {told}{help}", err=True)


def show_text(portrait: Portrait) -> None:
    """Print the portrait as text, as wide as the terminal."""
    from mnist_search.reporting.portrait_text import portrait_text
    from mnist_search.reporting.terminal import detect_terminal

    terminal = detect_terminal()
    say(portrait_text(portrait, width=terminal.width, ascii_only=terminal.ascii_only))


def write_pictures(
    portrait: Portrait, record: Record, folder: Path, *, format: Literal["png", "svg"]
) -> None:
    """Write each chart to a file of its own and print its path."""
    from mnist_search.datasets import class_names
    from mnist_search.reporting.charts.files import save_chart
    from mnist_search.reporting.charts.portraits import portrait_charts
    from mnist_search.reporting.inside import look_inside

    assert record.dataset is not None
    inside = look_inside(portrait, record, classes=class_names(record.dataset.name))
    for kind, title, chart in portrait_charts(portrait, inside):
        path = folder / f"{portrait.name}-{kind}.{format}"
        save_chart(chart, path, title=title)
        say(path)


def write_study(home: Path, study: str, output: Path, *, format: Literal["png", "svg"]) -> None:
    """Write each chart of a study to a file of its own and print its path.

    Raises UsageError where nothing of it has run.
    """
    from mnist_search.analysis import build_leaderboard
    from mnist_search.references import REFERENCES
    from mnist_search.reporting.charts.files import save_chart
    from mnist_search.reporting.charts.studies import named_charts
    from mnist_search.studies import read_confirmations
    from mnist_search.studies.reading import read_labels, read_study

    stored = read_study(home, study)
    records, search = stored.records, stored.spec.search
    if all(record.result is None for record in records):
        raise UsageError(f"study {study} has no result yet, so there is nothing to draw")
    board = build_leaderboard(records, REFERENCES, labels=read_labels(records))
    found = read_confirmations(
        home, records, REFERENCES, lambda error: say(f"left out: {error.message}", err=True)
    )
    confirmed = [each.confirmation for each in found]
    charts = named_charts(
        records,
        None if search is None else search.space,
        board.rows,
        confirmed[0] if confirmed else None,
    )
    for name, chart in charts.items():
        path = output / f"{study}-{name}.{format}"
        save_chart(chart, path, title=f"{study}: {name.replace('-', ' ')}")
        say(path)


def _without_weights(config: RunConfig, result: RunResult) -> str:
    things = ["weights"]
    if result.predictions is None:
        things += ["confusion", "mistakes"]
    if _has_convolutions(config):
        things.append("feature maps")
    return f"{', '.join(things)}: its trained weights are not stored"


def _has_convolutions(config: RunConfig) -> bool:
    from mnist_search.specs import Conv, Network

    model = config.model
    return isinstance(model, Network) and any(isinstance(layer, Conv) for layer in model.layers)


def _images(record: Record, config: RunConfig, missing: list[str]) -> Labelled | None:
    from mnist_search.training.weights import scored_images

    assert record.dataset is not None
    try:
        return scored_images(config, record.dataset)
    except DataError as error:
        missing.append(f"confusion, mistakes, feature maps: {error.message}")
        return None


def _ask(model: TrainedModel, images: Labelled, config: RunConfig) -> Answered:
    from mnist_search.reporting.portrait import Answered

    classes, confidence = model.predict(images)
    return Answered(
        images=images.images,
        labels=images.labels,
        classes=classes,
        confidence=confidence,
        what=_what(config),
    )


def _remember(result: RunResult, images: Labelled, config: RunConfig) -> Answered:
    import numpy as np

    from mnist_search.analysis import unpack_predictions
    from mnist_search.reporting.portrait import Answered

    assert result.predictions is not None
    packed = unpack_predictions(result.predictions, len(images))
    return Answered(
        images=images.images,
        labels=images.labels,
        classes=np.frombuffer(packed, dtype=np.uint8),
        confidence=None,
        what=_what(config),
    )


def _first_of(images: Labelled, digit: int) -> Labelled | None:
    import numpy as np

    rows = np.flatnonzero(images.labels == digit)
    return None if len(rows) == 0 else images.take(rows[:1])


def _convolve(model: TrainedModel, image: Labelled) -> list[Convolved]:
    from mnist_search.reporting.portrait import Convolved

    return [
        Convolved(layer=found.layer, label=found.label, maps=found.maps)
        for found in model.feature_maps(image)
    ]


def _what(config: RunConfig) -> str:
    if config.protocol == "held-out":
        return "validation images"
    return "test images, not scaled" if config.raw_test_pixels else "test images"


def _published(record: Record) -> Sequence[EpochFigures]:
    from mnist_search.references import REFERENCES

    for reference in REFERENCES:
        if reference.name == record.reference:
            return reference.published.curves
    return ()


def _title(name: str, record: Record) -> str:
    assert record.config is not None
    assert record.dataset is not None
    data = f"{record.dataset.name}, not MNIST" if record.dataset.fallback else record.dataset.name
    return f"{name} ({record.config.protocol}) on {data}"


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Keep what TensorFlow's C++ says on being loaded off the terminal; exceptions still pass.

    Its first lines heed no variable (2.21).
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
