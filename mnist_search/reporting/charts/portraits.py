"""Portraits of one trained model: curves, weights, answers, and what its layers see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import altair as alt

from mnist_search.commands.portraits import EpochFigures, Portrait
from mnist_search.reporting.charts.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    NARROW,
    ORANGE,
    PAPER,
    RULE,
    SKY,
    SOFT,
    WIDE,
    AnyChart,
    Row,
    colours,
    data,
    hover,
    layered,
    zoom,
)
from mnist_search.reporting.inside import Inside, LayerWeights, Mistakes, Picture, Sheet

_ARROW = "\N{RIGHTWARDS ARROW}"
_STAGES = {
    "training": (BLUE, ""),
    "validation": (ORANGE, "val_"),
}


def epoch_curves(
    epochs: Sequence[EpochFigures], published: Sequence[EpochFigures] = ()
) -> alt.HConcatChart | None:
    """Draw loss and accuracy of one run by epoch, those of its document dashed; None for none.

    Both sequences hold one entry per epoch, from the first on.
    """
    charts = [
        chart
        for name, shown in (("loss", ".3f"), ("accuracy", ".2%"))
        if (chart := _curves(name, shown, epochs, published)) is not None
    ]
    return alt.hconcat(*charts) if charts else None


def _curves(
    name: str, shown: str, epochs: Sequence[EpochFigures], published: Sequence[EpochFigures]
) -> alt.Chart | None:
    rows: list[Row] = []
    for stage, (_, prefix) in _STAGES.items():
        for source, found in (("measured here", epochs), ("published", published)):
            for number, epoch in enumerate(found, start=1):
                value = getattr(epoch, prefix + name)
                if value is not None and math.isfinite(value):
                    rows.append({"epoch": number, "value": value, "what": stage, "from": source})
    if not rows:
        return None
    last = max(row["epoch"] for row in rows)
    looks = {stage: colour for stage, (colour, _) in _STAGES.items()}
    dashes = alt.Scale(domain=["measured here", "published"], range=[[1, 0], [5, 3]])
    legend = alt.Legend(orient="top", title=None) if published else None
    axis = alt.Axis(format="%") if name == "accuracy" else alt.Axis()
    chart: alt.Chart = (
        alt.Chart(data(rows))
        .mark_line(point=alt.OverlayMarkDef(size=30), strokeWidth=1.8)
        .encode(
            alt.X("epoch:Q", title="epoch", axis=alt.Axis(tickMinStep=1)).scale(
                domain=[0.5, last + 0.5], nice=False
            ),
            alt.Y("value:Q", title=name, axis=axis).scale(zero=name == "loss"),
            colours(looks),
            strokeDash=alt.StrokeDash("from:N", scale=dashes, legend=legend),
            tooltip=hover(("epoch", "epoch"), ("what", "on images for"), ("from", "figures"),
                          ("value", name, shown)),
        )
        .properties(width=NARROW - 40, height=220)
    )  # fmt: skip
    return chart


def weight_violins(layers: Sequence[LayerWeights]) -> alt.LayerChart | None:
    """Draw the distribution of the weights of each layer, the first on top; None for no layer.

    Each violin is as high as the others, however many weights it stands for.
    """
    if not layers:
        return None
    outlines: list[Row] = []
    facts: list[Row] = []
    for number, layer in enumerate(layers):
        last = max(1, len(layer.outline) - 1)
        outlines += [
            {
                "layer": layer.label, "number": number,
                "weight": layer.low + (layer.high - layer.low) * place / last,
                "above": number + 0.5 - 0.42 * share, "below": number + 0.5 + 0.42 * share,
            }
            for place, share in enumerate(layer.outline)
        ]  # fmt: skip
        broken = f", {layer.not_finite:,} not finite" if layer.not_finite else ""
        facts.append(
            {
                "layer": layer.label, "number": number, "at": number + 0.5, "count": layer.count,
                "mean": layer.mean, "sd": layer.sd, "low": layer.low, "high": layer.high,
                "median": layer.median,
                "told": [f"n {layer.count:,}{broken}", f"mean {layer.mean:.2g}, sd {layer.sd:.2g}"],
            }
        )  # fmt: skip
    told = hover(
        ("layer", "layer"), ("count", "weights", ","), ("mean", "mean", ".3"),
        ("sd", "standard deviation", ".3"), ("low", "smallest", ".3"), ("median", "median", ".3"),
        ("high", "largest", ".3"),
    )  # fmt: skip
    # Violins lie on a scale of numbers, one apart, and names on one of names: both fill the height.
    numbers = alt.Scale(domain=[0, len(layers)], reverse=True, nice=False)
    places = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    x = alt.X("weight:Q", title="weight")
    base = alt.Chart(data(facts))
    violins = alt.Chart(data(outlines)).mark_area(color=SKY, opacity=0.6).encode(
        x, alt.Y("above:Q", scale=numbers, axis=places), alt.Y2("below:Q"), alt.Detail("number:N")
    )  # fmt: skip
    at = alt.Y("at:Q", scale=numbers, axis=places)
    lines = base.mark_rule(color=SOFT).encode(alt.X("low:Q"), alt.X2("high:Q"), at, tooltip=told)
    medians = base.mark_tick(color=INK, thickness=2, size=20).encode(
        alt.X("median:Q"), at, tooltip=told
    )
    texts = base.mark_text(align="left", dx=8, dy=-6, clip=False, lineHeight=13, color=SOFT)
    names = base.mark_text(align="right", dx=-8, clip=False, limit=170).encode(
        at, x=alt.value(0), text="layer:N"
    )
    return layered(
        violins.add_params(zoom("x")),
        lines,
        medians,
        texts.encode(at, x=alt.value("width"), text="told:N"),
        names,
        width=WIDE,
        height=46 * len(layers),
    )


def confusion_matrix(found: Mistakes) -> alt.LayerChart:
    """Draw how often each class (row) was answered as each class (column).

    Colour stands for mistakes alone: beside 980 right answers, 3 wrong ones would be invisible.
    """
    rows: list[Row] = [
        {
            "truth": found.classes[true], "said": found.classes[said], "count": count,
            "mistakes": 0 if true == said else count, "right": true == said,
        }
        for true, line in enumerate(found.counts)
        for said, count in enumerate(line)
    ]  # fmt: skip
    most = max(row["mistakes"] for row in rows)
    order = list(found.classes)
    angle = 0 if max(map(len, order)) < 4 else -40
    x = alt.X("said:N", title="predicted class", sort=order, axis=alt.Axis(labelAngle=angle))
    y = alt.Y("truth:N", title="true class", sort=order)
    base = alt.Chart(data(rows)).encode(
        x,
        y,
        tooltip=hover(
            ("truth", "true class"), ("said", "predicted class"), ("count", "images", ",")
        ),
    )
    squares = base.mark_rect(stroke=RULE, strokeWidth=0.5).encode(
        color=alt.when("datum.right").then(alt.value(GREEN)).otherwise(alt.value(ORANGE)),
        fillOpacity=alt.when("datum.right").then(alt.value(0.2)).otherwise(
            alt.FillOpacity("mistakes:Q", legend=None).scale(
                domain=[0, max(1, most)], range=[0, 0.55]
            )
        ),
    )  # fmt: skip
    texts = base.transform_filter("datum.count > 0").mark_text(fontSize=11)
    shares = [
        {"truth": found.classes[true], "share": line[true] / max(1, sum(line))}
        for true, line in enumerate(found.counts)
    ]
    right = alt.Chart(data(shares)).mark_text(align="left", dx=6, color=SOFT, clip=False)
    size = 38 * len(order)
    return layered(
        squares,
        texts.encode(text=alt.Text("count:Q", format=",")),
        right.encode(y, x=alt.value("width"), text=alt.Text("share:Q", format=".1%")),
        width=size + 110,
        height=round(0.8 * size),
    )


def shown_mistakes(found: Mistakes) -> alt.LayerChart | None:
    """Draw images that were answered wrongly; None where every answer is right."""
    captions = [
        f"{each.truth} {_ARROW} {each.said}" + _share(each.confidence) for each in found.shown
    ]
    return picture_grid([each.picture for each in found.shown], captions, columns=8)


def _share(confidence: float | None) -> str:
    if confidence is None:
        return ""
    # 99.97 % is not 100 %.
    return f", {confidence if confidence >= 1 else min(confidence, 0.999):.1%}"


def layer_pictures(sheet: Sheet) -> alt.LayerChart | None:
    """Draw what each channel of a layer gives out, or each class of a linear model weighs."""
    few = len(sheet.pictures) <= 32
    columns = 5 if sheet.kind == "coefficients" else 8 if few else 16
    return picture_grid(sheet.pictures, sheet.captions, columns=columns, named=few)


def picture_grid(
    pictures: Sequence[Picture], captions: Sequence[str], *, columns: int, named: bool = True
) -> alt.LayerChart | None:
    """Draw pictures in rows with their captions above them, or, not `named`, on hover alone."""
    if not pictures:
        return None
    columns = min(columns, len(pictures))
    lines = -(-len(pictures) // columns)
    side, head = (WIDE // columns - 8, 20) if columns > 6 else (100, 20)
    head = head if named else 6
    rows = [
        {
            "url": picture, "caption": caption, "x": place % columns * (side + 8),
            "y": place // columns * (side + head) + head,
        }
        for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True))
    ]  # fmt: skip
    base = alt.Chart(data(rows)).encode(
        alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, columns * (side + 8)], nice=False)),
        alt.Y(
            "y:Q",
            axis=None,
            scale=alt.Scale(domain=[0, lines * (side + head)], reverse=True, nice=False),
        ),
        tooltip=hover(("caption", "image")),
    )
    layers = [base.mark_image(width=side, height=side, align="left", baseline="top")
              .encode(url="url:N")]  # fmt: skip
    if named:
        texts = base.mark_text(align="left", baseline="bottom", dy=-3, limit=side + 6, color=INK)
        layers.append(texts.encode(text="caption:N"))
    width, height = columns * (side + 8), lines * (side + head)
    return layered(*layers, width=width, height=height)


def class_counts(counts: Sequence[int], names: Sequence[str]) -> alt.LayerChart | None:
    """Draw how many images each class has, with its share; None for no image."""
    total = sum(counts)
    if total == 0:
        return None
    rows = [
        {"class": name, "images": count, "share": count / total}
        for name, count in zip(names, counts, strict=True)
    ]
    base = alt.Chart(data(rows)).encode(
        alt.X("class:N", title="class", sort=None, axis=alt.Axis(labelAngle=0)),
        alt.Y("images:Q", title=f"images (of {total:,})"),
        tooltip=hover(("class", "class"), ("images", "images", ","), ("share", "share", ".1%")),
    )
    equal = alt.Chart(data([{"equal": total / len(rows)}]))
    return layered(
        equal.mark_rule(strokeDash=[4, 3], color=GREY).encode(
            alt.Y("equal:Q"), tooltip=hover(("equal", "equal shares", ",.0f"))
        ),
        base.mark_bar(color=BLUE),
        base.mark_text(baseline="bottom", dy=-3).encode(text=alt.Text("images:Q", format=",")),
        base.transform_filter("datum.share > 0.02")
        .mark_text(baseline="top", dy=5, color=PAPER)
        .encode(text=alt.Text("share:Q", format=".1%")),
        width=WIDE,
        height=300,
    )


def portrait_charts(portrait: Portrait, inside: Inside) -> Iterator[tuple[str, str, AnyChart]]:
    """Yield of each chart of a run the end of its file name, its title and the chart."""
    title = portrait.title
    curves = epoch_curves(portrait.epochs, portrait.published)
    if curves is not None:
        yield "curves", title, curves
    violins = weight_violins(inside.layers)
    if violins is not None:
        yield "weights", f"{title}: weights of each layer", violins
    found = inside.mistakes
    if found is not None:
        right = f"{found.total - found.wrong:,} of {found.total:,} {found.what}"
        yield "confusion", f"{title}: classified correctly: {right}", confusion_matrix(found)
        images = shown_mistakes(found)
        if images is not None:
            kind = "surest" if found.surest else "first"
            told = f"{title}: {kind} mistakes, true class {_ARROW} predicted class"
            yield "mistakes", told, images
    for sheet in inside.sheets:
        drawn = layer_pictures(sheet)
        if drawn is not None:
            yield sheet.kind, f"{title}: {sheet.title}, {sheet.told}", drawn
