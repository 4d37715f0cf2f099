"""What a user chooses from by name: each list once, for the rooms and for the command line."""

from __future__ import annotations

from typing import Literal

EngineName = Literal["optuna", "keras-tuner"]
SamplerName = Literal[
    "tpe", "random", "qmc", "grid", "brute-force", "nsga2", "gp", "bayesian", "hyperband"
]
PrunerName = Literal["halving", "median", "percentile", "hyperband", "patient", "none"]
Precision = Literal["float32", "bfloat16"]
PrecisionChoice = Literal["auto", Precision]
DeviceKind = Literal["cpu", "gpu"]
DeviceChoice = Literal["auto", DeviceKind]
# How references are trained; the fourth protocol, confirm, is that of the command `confirm`.
BenchProtocol = Literal["documented", "corrected", "held-out"]
# Where a reference is from; "ours" was published by nobody, its figures are this project's own.
Document = Literal["A", "B", "C", "D", "E", "ours"]
TestPixels = Literal["as-documented", "scaled", "raw"]
Format = Literal["table", "json", "csv", "markdown"]
ExportForm = Literal["keras", "python", "json"]
PictureFormat = Literal["png", "svg"]
ReportFormat = Literal[Format, "html", "svg"]
EffectsFormat = Literal[ReportFormat, PictureFormat]
SortKey = Literal["accuracy", "time", "parameters", "inference", "name", "number"]
