"""Exports as text, and text as exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_search.errors import UsageError
from mnist_search.exporting import Expected, Export, read_export, render_export, render_script
from mnist_search.references import get_reference
from mnist_search.specs import DatasetRef

EXPECTED = Expected(on="test", accuracy=0.99, low=0.98, high=0.995, sd=0.001, n=3, images=10_000)
DATASET = DatasetRef(name="mnist", digest="a-b", train_images=60_000, test_images=10_000)


def export(reference: str = "cnn-simple", **changes: object) -> Export:
    return Export(
        name="trial 31",
        study="s-confirm",
        config=get_reference(reference).run_config("confirm"),
        precision="float32",
        seeds=(5, 6, 7),
        dataset=DATASET,
        expected=EXPECTED,
        versions={"keras": "3"},
    ).model_copy(update=changes)


def test_json_and_script_give_the_export_back(tmp_path: Path) -> None:
    for name, render in (("x.json", render_export), ("x.py", render_script)):
        path = tmp_path / name
        path.write_text(render(export()))
        found, text = read_export(path)
        assert found == export()
        assert text == render(export())


def test_hostile_names_stay_in_their_comment(tmp_path: Path) -> None:
    hostile = 'x\nimport os; os.abort()\r\u2028"""\\'
    dataset = DATASET.model_copy(update={"name": hostile})
    text = render_script(export(name=hostile, study=hostile, dataset=dataset))
    code = [line for line in text.split("\n") if not line.startswith("#")]
    assert not any("abort" in line for line in code)
    compile(text, "export.py", "exec")
    path = tmp_path / "x.py"
    path.write_text(text)
    assert read_export(path)[0].name == hostile


def test_a_script_needs_no_package_of_ours() -> None:
    code = [line for line in render_script(export()).split("\n") if not line.startswith("#")]
    imports = [line.split()[1] for line in code if line.startswith(("import ", "from "))]
    assert set(imports) == {
        "argparse", "hashlib", "math", "os", "sys", "keras", "numpy", "tensorflow"
    }  # fmt: skip


def test_a_linear_classifier_is_no_script() -> None:
    with pytest.raises(UsageError, match="is a linear classifier that scikit-learn trains"):
        render_script(export("logistic"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not an export of mnist-search"),
        ("{}", "name: Field required"),
        ("print('hello')", "not an export of mnist-search"),
        ('{"schema_version": 2}', "schema_version: Input should be 1"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"x\.json: not an export") as caught:
        read_export(path)
    assert told in caught.value.message
    assert "\n" not in caught.value.message


def test_seeds_and_shares_are_checked(tmp_path: Path) -> None:
    document = json.loads(render_export(export()))
    path = tmp_path / "x.json"
    for place, value in (("seeds", []), ("seeds", [-1]), ("precision", "float16")):
        path.write_text(json.dumps(document | {place: value}))
        with pytest.raises(UsageError, match=place):
            read_export(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        read_export(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_export(tmp_path / "missing.json")


def test_a_script_says_how_its_data_is_written() -> None:
    digits = DATASET.model_copy(update={"name": "digits"})
    assert "mnist-search data save digits -o images.npz" in render_script(export(dataset=digits))
    assert "data save" not in render_script(export())
