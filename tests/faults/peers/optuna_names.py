"""Hostile names of studies: which Optuna takes, and what of them reaches the terminal."""

from __future__ import annotations

import json
import sys

import optuna

NAMES = {
    "../x": "../x",
    "terminal codes": "\x1b[31mred",
    "new line": "a\nb",
    "HTML": "<script>alert(1)</script>",
    "300 characters": "x" * 300,
    "600 characters": "x" * 600,
    "empty": "",
}

storage = optuna.storages.RDBStorage("sqlite:///study.db")
told = {}
for label, name in NAMES.items():
    try:
        optuna.create_study(study_name=name, storage=storage)
        told[label] = "taken"
    except Exception as error:
        told[label] = type(error).__name__
sys.stdout.write(json.dumps(told) + "\n")
