"""Texts of space files, put together from a table for each parameter."""

from __future__ import annotations


def table(name: str, body: str) -> str:
    return f"[parameters.{name}]\n{body.replace('; ', chr(10))}\n"


def ints(name: str, low: object, high: object, rest: str = "") -> str:
    return table(name, f'type = "int"; low = {low}; high = {high}; {rest}')


def floats(name: str, low: object, high: object, rest: str = "") -> str:
    return table(name, f'type = "float"; low = {low}; high = {high}; {rest}')


def choice(name: str, choices: str, rest: str = "") -> str:
    return table(name, f'type = "choice"; choices = {choices}; {rest}')


CNN, MLP = 'family = "cnn"\n', 'family = "mlp"\n'
BLOCKS, DEPTH = ints("blocks", 1, 3), ints("dense_layers", 0, 2)
