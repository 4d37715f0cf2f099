"""`references list` and `references show`, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from mnist_search.cli import execute
from mnist_search.references import get_reference, reference_names
from mnist_search.reporting.references import fact_rows

REQUIRED_KEYS = {
    "name",
    "document",
    "family",
    "layers",
    "parameters",
    "trainable_parameters",
    "published_accuracy",
    "published_loss",
    "published_epochs",
}


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert execute(["references", *arguments, "-f", "json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    content = json.loads(printed.out)
    assert content["schema_version"] == 1
    rows: list[dict[str, Any]] = content["rows"]
    return rows


def test_list_as_json_has_all_references(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run_json(capsys, "list")
    assert [row["name"] for row in rows] == list(reference_names())
    assert all(set(row) >= REQUIRED_KEYS for row in rows)


def test_list_gives_unrounded_figures(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in run_json(capsys, "list") if row["name"] == "cnn-mnist-2")
    assert {key: row[key] for key in REQUIRED_KEYS} == {
        "name": "cnn-mnist-2",
        "document": "B",
        "family": "cnn",
        "layers": "C16(5x5 valid sigmoid) C32(5x5 valid sigmoid) MP C64(3x3 valid sigmoid) "
        "C128(3x3 valid sigmoid no bias) BN Flatten D1024(sigmoid) D524(sigmoid)",
        "parameters": 5_367_950,
        "trainable_parameters": 5_367_694,
        "published_accuracy": 0.99,
        "published_loss": 0.029902513770171207,
        "published_epochs": 12,
    }


def test_unknown_figures_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    row = next(row for row in run_json(capsys, "list") if row["name"] == "logistic")
    assert row["published_loss"] is None
    assert row["published_epochs"] is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--family", "linear"), ["logistic", "logistic-l1", "logistic-l2"]),
        (("--document", "e"), ["mlp-784", "cnn-simple", "cnn-larger"]),
        (("--document", "D", "--family", "mlp"), ["dnn", "dnn-dropout"]),
        (("--document", "A", "--family", "mlp"), []),
    ],
)
def test_list_is_narrowed(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: list[str]
) -> None:
    assert [row["name"] for row in run_json(capsys, "list", *arguments)] == expected


@pytest.mark.parametrize("format", ["table", "csv", "markdown"])
def test_list_in_other_formats_names_every_reference(
    capsys: pytest.CaptureFixture[str], format: str
) -> None:
    assert execute(["references", "list", "-f", format]) == 0
    text = capsys.readouterr().out
    assert [name for name in reference_names() if name not in text] == []


def test_show_as_json_nests_layers_recipe_and_curves(capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = run_json(capsys, "show", "cnn-simple")
    assert [layer["output_shape"] for layer in row["layer_shapes"]] == [
        [24, 24, 32], [12, 12, 32], [12, 12, 32], [4608], [128], [10],
    ]  # fmt: skip
    assert sum(layer["parameters"] for layer in row["layer_shapes"]) == row["parameters"]
    assert row["recipe"]["learning_rate"] == 0.001
    assert row["recipe"]["seed"] == 7
    assert len(row["published"]["curves"]) == 4
    assert row["config"]["protocol"] == "documented"


@pytest.mark.parametrize("name", reference_names())
@pytest.mark.parametrize("format", ["table", "markdown"])
def test_show_prints_layers_recipe_and_quirks(
    capsys: pytest.CaptureFixture[str], name: str, format: str
) -> None:
    assert execute(["references", "show", name, "-f", format]) == 0
    text = " ".join(capsys.readouterr().out.split())
    reference = get_reference(name)
    assert name in text
    assert "batch size" in text
    assert f"{reference.published.accuracy * 100:g} %" in text
    for quirk in reference.quirks:
        assert quirk.split()[0] in text


def test_facts_are_in_words() -> None:
    facts = {row["fact"]: row["value"] for row in fact_rows(get_reference("cnn-plain"))}
    assert facts["optimizer"] == "adadelta"
    assert facts["raw test pixels"] == "yes"
    assert facts["published accuracy"] == "99 %"
    assert facts["published fit seconds"] == "179.194"
    assert "seed" not in facts
    linear = {row["fact"]: row["value"] for row in fact_rows(get_reference("logistic"))}
    assert linear["max epochs"] == "20,000"
    assert linear["published train accuracy"] == "91.145 %"
    assert "epochs" not in linear
    augmented = fact_rows(get_reference("cnn-double-32-augmented"))
    assert {"fact": "augmentation", "value": "rotation degrees 10, zoom 0.1, shift 0.1"} in (
        augmented
    )


def test_unknown_name_is_one_line_with_a_proposal(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["references", "show", "cnn-plane"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("error: there is no reference named 'cnn-plane'")
    assert "did you mean cnn-plain" in printed.err


def test_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from mnist_search.cli import execute; "
        "execute(['references', 'list', '-f', 'json']); "
        "heavy = {'numpy', 'keras', 'tensorflow', 'optuna', 'sklearn'} & set(sys.modules); "
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
