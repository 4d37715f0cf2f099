"""Charts as files, for any kind of chart."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_search.commands.portraits import BlankEpoch
from mnist_search.errors import ResourceError, UsageError
from mnist_search.reporting.charts.files import save_chart, specification
from mnist_search.reporting.charts.portraits import class_counts, epoch_curves, picture_grid
from mnist_search.reporting.charts.style import AnyChart
from mnist_search.reporting.charts.trials import learning_curves
from mnist_search.reporting.inside import picture_of
from tests.reporting.charts.made import trials


def bars() -> AnyChart:
    chart = class_counts([5923, 6742, 0], ["0", "1", "2"])
    assert chart is not None
    return chart


def curves() -> AnyChart:
    chart = epoch_curves([BlankEpoch(loss=0.5, accuracy=0.9), BlankEpoch(loss=0.25)])
    assert chart is not None
    return chart


def pictures() -> AnyChart:
    chart = picture_grid([picture_of(np.eye(28), 0, 1)] * 3, ["a", "b", "c"], columns=8)
    assert chart is not None
    return chart


def selectable() -> AnyChart:
    chart = learning_curves(trials())
    assert chart is not None
    return chart


CHARTS = [bars, curves, pictures, selectable]


@pytest.mark.parametrize("make", CHARTS)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_equal_charts_are_equal_bytes(
    make: Callable[[], AnyChart], suffix: str, tmp_path: Path
) -> None:
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        save_chart(make(), path, title="title")
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


@pytest.mark.parametrize("make", CHARTS)
def test_pictures_are_on_white_and_nothing_is_cut_off(
    make: Callable[[], AnyChart], tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    save_chart(make(), path, title="a title")
    picture = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L"))
    assert picture.shape[1] > 600
    assert picture.min() < 128
    edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
    assert min(edge.min() for edge in edges) > 250


def test_images_inside_a_chart_are_drawn(tmp_path: Path) -> None:
    blank = picture_grid([picture_of(np.zeros((28, 28)), 0, 1)] * 3, ["a", "b", "c"], columns=8)
    assert blank is not None
    save_chart(pictures(), tmp_path / "some.png")
    save_chart(blank, tmp_path / "blank.png")
    assert (tmp_path / "some.png").read_bytes() != (tmp_path / "blank.png").read_bytes()


def test_folders_are_made_and_the_suffix_may_be_upper_case(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.PNG"
    save_chart(bars(), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    save_chart(bars(), tmp_path / "c.svg")
    assert (tmp_path / "c.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(("name", "found"), [("a.pdf", ".pdf"), ("a", "no suffix")])
def test_other_formats_are_refused(name: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"must end in \.png or \.svg, got {found}"):
        save_chart(bars(), tmp_path / name)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is not a folder"):
        save_chart(bars(), tmp_path / "file" / "a.png")


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceError, match="no space left on the disk"):
        save_chart(bars(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_titles_lose_what_is_no_text() -> None:
    spec = specification(bars().properties(title="\x1b[31m<b>\u202ered"))
    assert spec["title"] == "[31m<b>red"


def test_charts_beside_each_other_keep_their_look_apart() -> None:
    # A chart with a configuration of its own could not stand in a row.
    (bars() | pictures()).to_dict()


def test_only_charts_load_altair() -> None:
    code = (
        "import sys; import mnist_search.reporting, mnist_search.reporting.leaderboard,"
        " mnist_search.reporting.drawing, mnist_search.reporting.inside;"
        " print([name for name in ('altair', 'vl_convert', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
