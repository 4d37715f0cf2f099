from __future__ import annotations

import errno
import io
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, imread
from matplotlib.text import Text

from mnist_search.errors import ResourceError, UsageError
from mnist_search.reporting.figures import (
    class_histogram,
    coefficient_images,
    confusion_matrix,
    digit_grid,
    digits_text,
    feature_maps,
    learning_curves,
    save_figure,
    weight_violins,
    worst_mistakes,
)
from mnist_search.specs import Epoch

RANDOM = np.random.default_rng(7)


def epoch(
    number: int, loss: float | None, accuracy: float | None, val_accuracy: float | None
) -> Epoch:
    return Epoch(
        epoch=number, loss=loss, accuracy=accuracy, val_loss=loss, val_accuracy=val_accuracy,
        seconds=1.0, validation_seconds=0.1,
    )  # fmt: skip


EPOCHS = [epoch(1, 0.2, 0.94, 0.98), epoch(2, 0.1, 0.97, None), epoch(3, 0.05, 1.0, 0.99)]
IMAGES = RANDOM.integers(0, 256, (12, 28, 28), dtype=np.uint8)
MATRIX = np.diag([980, 1135, 0]) + np.array([[0, 3, 1], [0, 0, 0], [0, 0, 0]])

FIGURES: dict[str, Callable[[], Figure]] = {
    "class_histogram": lambda: class_histogram([5923, 6742, 0], title="counts"),
    "digit_grid": lambda: digit_grid(IMAGES, range(12), title="digits"),
    "learning_curves": lambda: learning_curves(EPOCHS, EPOCHS[:2], title="curves"),
    "weight_violins": lambda: weight_violins({"dense": RANDOM.normal(size=(30, 10))}),
    "confusion_matrix": lambda: confusion_matrix(MATRIX, title="confusion"),
    "worst_mistakes": lambda: worst_mistakes(IMAGES, [1] * 12, [7] * 12, [0.9] * 12),
    "coefficient_images": lambda: coefficient_images(RANDOM.normal(size=(10, 784)), "weights"),
    "feature_maps": lambda: feature_maps(RANDOM.random((24, 24, 32)), "conv 1"),
}


def texts(figure: Figure) -> list[str]:
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    return [text.get_text() for text in found if text.get_text()]


def mosaic(figure: Figure) -> np.ndarray:
    picture = figure.axes[0].images[0]
    assert isinstance(picture, AxesImage)
    return np.ma.filled(np.ma.asarray(picture.get_array()), np.nan)


# --- files ---


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_figures_are_equal_bytes(name: str, suffix: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        # the module's generator moves on, so that a figure from it is made twice from one state
        state = RANDOM.bit_generator.state
        save_figure(FIGURES[name](), path)
        RANDOM.bit_generator.state = state
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


@pytest.mark.parametrize("name", FIGURES)
def test_pictures_are_1200_pixels_wide_and_nothing_is_cut_off(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save_figure(FIGURES[name](), path)
    picture = imread(path)[:, :, :3]
    assert picture.shape[1] == 1200
    assert picture.min() < 0.5
    edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    assert min(edge.min() for edge in edges) > 0.99


def test_svg_holds_no_date_and_no_version(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    save_figure(class_histogram([1, 2]), path)
    text = path.read_text()
    assert text.startswith("<?xml")
    assert "dc:date" not in text
    assert matplotlib.__version__ not in text


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.PNG"
    save_figure(class_histogram([1, 2]), path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("name", "found"), [("a.pdf", ".pdf"), ("a", "no suffix")])
def test_other_formats_are_refused(name: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"must end in \.png or \.svg, got {found}"):
        save_figure(class_histogram([1, 2]), tmp_path / name)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        save_figure(class_histogram([1, 2]), tmp_path / "file" / "a.png")


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="no space left on the disk"):
        save_figure(class_histogram([1, 2]), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


# --- matplotlib as a guest ---


def test_without_matplotlib_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match="figures need matplotlib") as caught:
        class_histogram([1, 2])
    assert caught.value.hint == "pip install 'mnist-search[figures]'"


def test_settings_of_the_user_neither_change_nor_matter(tmp_path: Path) -> None:
    plain, styled = tmp_path / "plain.png", tmp_path / "styled.png"
    save_figure(class_histogram([3, 5]), plain)
    with matplotlib.rc_context({"font.size": 25.0, "axes.facecolor": "black", "axes.grid": True}):
        before = dict(matplotlib.rcParams)
        save_figure(class_histogram([3, 5]), styled)
        assert dict(matplotlib.rcParams) == before
    assert plain.read_bytes() == styled.read_bytes()


def test_importing_loads_neither_matplotlib_nor_numpy_and_drawing_no_pyplot() -> None:
    script = """
        import io, sys
        from mnist_search.reporting.figures import class_histogram
        print([name for name in ("matplotlib", "numpy") if name in sys.modules])
        class_histogram([1, 2]).savefig(io.BytesIO())
        print("matplotlib.pyplot" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "False"]


def test_titles_are_shown_as_they_are_and_wrap() -> None:
    figure = class_histogram([1, 2], title=r"costs $\frac{5$" "\x07 _x^2_ " + "word " * 30)
    title = figure.get_suptitle()
    assert r"costs $\frac{5$  _x^2_" in title
    assert max(len(line) for line in title.splitlines()) <= 70
    assert figure.get_figheight() > class_histogram([1, 2], title="short").get_figheight()
    figure.savefig(io.BytesIO())


# --- what is drawn ---


def test_histogram_names_count_and_share() -> None:
    shown = texts(class_histogram([5923, 6742, 0]))
    assert {"5,923\n46.8%", "6,742\n53.2%", "0\n0.0%"} <= set(shown)


def test_histogram_of_nothing_draws(tmp_path: Path) -> None:
    save_figure(class_histogram([0, 0, 0]), tmp_path / "a.png")


def test_digit_grid_puts_each_image_in_its_place() -> None:
    shown = mosaic(digit_grid(IMAGES, columns=5))
    assert shown.shape == (3 * 30, 5 * 30)
    np.testing.assert_array_equal(shown[30:58, 60:88], IMAGES[7])
    assert np.isnan(shown[60:, 60:]).all()


def test_digit_grid_takes_a_channel_axis_and_captions() -> None:
    figure = digit_grid(IMAGES[:3, :, :, np.newaxis], np.array([5, 0, 4]))
    assert texts(figure) == ["5", "0", "4"]


def test_pictures_of_no_image_are_refused() -> None:
    for draw in (digit_grid, digits_text):
        with pytest.raises(UsageError, match="at least one image, got none"):
            draw(IMAGES[:0])


def test_published_curves_are_dashed_beside_measured_ones() -> None:
    figure = learning_curves(EPOCHS, EPOCHS[:2])
    _, accuracy = figure.axes
    lines = {line.get_label(): line for line in accuracy.get_lines()}
    assert list(lines) == [
        "training", "validation", "training, published", "validation, published",
    ]  # fmt: skip
    assert [label for label, line in lines.items() if line.is_dashed()] == list(lines)[2:]
    assert np.asarray(lines["training"].get_xdata()).tolist() == [1, 2, 3]
    np.testing.assert_array_equal(lines["validation"].get_ydata(), [0.98, np.nan, 0.99])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(lines)


def test_curves_that_are_unknown_are_left_out(tmp_path: Path) -> None:
    figure = learning_curves([epoch(1, None, None, 0.91)])
    assert [len(axes.get_lines()) for axes in figure.axes] == [0, 1]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["validation"]
    save_figure(figure, tmp_path / "a.png")


def test_curves_of_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one epoch"):
        learning_curves([], None)


def test_violins_tell_the_figures_of_all_weights() -> None:
    many = np.concatenate([np.full(30_000, -0.25), np.full(30_000, 0.25), [9.0]])
    shown = texts(weight_violins({"conv": many, "bias": np.zeros(8)}))
    assert f"n 60,001\nmean 0.00015, sd {many.std():.3g}" in shown
    assert "n 8\nmean 0, sd 0" in shown
    assert {"conv", "bias"} <= set(shown)


def test_violins_keep_the_extremes_of_many_weights() -> None:
    values = RANDOM.normal(0, 0.01, 50_000)
    values[123], values[4567] = -3.0, 4.0
    low, high = weight_violins({"dense": values}).axes[0].dataLim.intervalx
    assert (low, high) == (-3.0, 4.0)


def test_violins_survive_weights_that_diverged(tmp_path: Path) -> None:
    weights = {
        "a": np.array([np.nan, 1.0, 2.0, np.inf]),
        "b": np.array([np.nan]),
        "c": np.array([1e-200, 2e-200, 4e-200]),
        "d": np.array([-1e30, 1e30]),
    }
    figure = weight_violins(weights)
    assert "n 4\n2 not finite\nmean 1.5, sd 0.5" in texts(figure)
    assert "n 1\n1 not finite" in texts(figure)
    save_figure(figure, tmp_path / "a.png")


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one layer"):
        weight_violins({})


def test_confusion_counts_mistakes_and_leaves_zeros_blank() -> None:
    figure = confusion_matrix(MATRIX)
    shown = texts(figure)
    assert {"980", "3", "1", "1,135", "99.6%", "100.0%", "-"} <= set(shown)
    assert "answered class (4 of 2,119 wrong)" in shown
    coloured = mosaic(figure)
    assert np.argwhere(np.isfinite(coloured)).tolist() == [[0, 1], [0, 2]]


def test_confusion_without_a_mistake_draws(tmp_path: Path) -> None:
    save_figure(confusion_matrix(np.diag([5, 5])), tmp_path / "a.png")


def test_worst_mistakes_come_surest_first_and_leave_out_right_answers() -> None:
    figure = worst_mistakes(
        IMAGES[:5], [1, 2, 3, 4, 5], [1, 7, 8, 9, 0], [1.0, 0.5, 0.99987, 1.0, 0.7], limit=3
    )
    captions = [text for text in texts(figure) if text.endswith("%")]
    assert captions == ["4 → 9  100%", "3 → 8  99.9%", "5 → 0  70.0%"]
    picture = mosaic(figure)
    above = picture.shape[0] - 30
    np.testing.assert_array_equal(picture[above : above + 28, :28], IMAGES[3])


def test_mistakes_without_a_confidence_come_in_their_order() -> None:
    figure = worst_mistakes(IMAGES[:4], [1, 2, 3, 4], [1, 7, 3, 9], None)
    assert texts(figure) == ["2 → 7", "4 → 9", "First mistakes: true → answered"]


def test_coefficients_share_one_scale_around_zero() -> None:
    coefficients = np.zeros((10, 784))
    coefficients[0, 0], coefficients[6, 783] = -3.0, 2.0
    figure = coefficient_images(coefficients)
    assert figure.axes[0].images[0].get_clim() == (-3.0, 3.0)
    shown = mosaic(figure)
    assert (shown[0, 0], shown[30 + 27, 30 + 27]) == (-3.0, 2.0)
    coefficient_images(np.zeros((10, 784)))


def test_one_epoch_has_one_tick() -> None:
    figure = learning_curves(EPOCHS[:1])
    figure.draw_without_rendering()
    shown = [tick for tick in figure.axes[0].get_xticks() if 0.5 <= tick <= 1.5]
    assert shown == [1.0]


def test_no_mistake_is_refused() -> None:
    with pytest.raises(UsageError, match="every answer is right"):
        worst_mistakes(IMAGES[:2], [1, 2], [1, 2], [0.9, 0.9])


def test_feature_maps_share_one_scale_and_keep_their_order() -> None:
    maps = np.stack([np.full((4, 4), float(channel)) for channel in range(10)], axis=-1)
    figure = feature_maps(maps, "conv 1")
    picture = figure.axes[0].images[0]
    assert picture.get_clim() == (0.0, 9.0)
    shown = mosaic(figure)
    assert shown[0, ::5].tolist() == list(range(8))
    assert shown[5, :10:5].tolist() == [8, 9]


def test_feature_maps_of_another_shape_are_refused() -> None:
    with pytest.raises(UsageError, match=r"height x width x channels, got \(4, 4\)"):
        feature_maps(np.zeros((4, 4)))
