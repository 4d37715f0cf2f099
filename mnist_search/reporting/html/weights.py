"""The distribution of the weights of each layer, drawn as violins on a common axis."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from mnist_search.reporting.html.inside import LayerWeights
from mnist_search.reporting.html.scales import Categories, linear
from mnist_search.reporting.html.svg import Chart


def weight_violins(layers: Sequence[LayerWeights]) -> Markup | None:
    """Draw one violin per layer, the first on top; None for no layer."""
    if not layers:
        return None
    names = Categories(tuple(layer.label for layer in reversed(layers)))
    x = linear([0.0, *(end for layer in layers for end in (layer.low, layer.high))])
    chart = Chart(
        label="Weights of each layer",
        x=x,
        y=names,
        x_title="weight",
        y_title="",
        width=720.0,
        height=58.0 + 46.0 * len(layers),
        right=172.0,
        grid=False,
    )
    half = 0.4 / len(layers)
    chart.path([(x.place(0.0), 0.0), (x.place(0.0), 1.0)], "c-zero-line")
    for layer in layers:
        middle = names.place(layer.label)
        told = (
            f"{layer.label}: {layer.count:,} weights from {layer.low:.3g} to {layer.high:.3g}, "
            f"median {layer.median:.3g}"
        )
        last = max(1, len(layer.outline) - 1)
        places = [
            x.place(layer.low + (layer.high - layer.low) * number / last)
            for number in range(len(layer.outline))
        ]
        upper = [
            (place, middle + half * share)
            for place, share in zip(places, layer.outline, strict=True)
        ]
        lower = [(place, 2 * middle - height) for place, height in reversed(upper)]
        chart.fill([[*upper, *lower]], "c-violin", told)
        chart.path([(x.place(layer.low), middle), (x.place(layer.high), middle)], "c-range-line")
        median = x.place(layer.median)
        chart.path([(median, middle - 0.6 * half), (median, middle + 0.6 * half)], "c-median-line")
        chart.write_beside(middle + 0.16 / len(layers), f"n {layer.count:,}{_broken(layer)}")
        spread = f"mean {layer.mean:.2g}, sd {layer.sd:.2g}"
        chart.write_beside(middle - 0.16 / len(layers), spread)
    chart.explain("bar", "c-violin", "how many weights lie there")
    chart.explain("line", "c-range-line", "smallest to largest")
    chart.explain("line", "c-median-line", "median")
    return chart.render()


def _broken(layer: LayerWeights) -> str:
    return f", {layer.not_finite:,} not finite" if layer.not_finite else ""
