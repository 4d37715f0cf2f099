"""Training throughput: the trainer against Keras' `fit` on numpy arrays and PyTorch eager.

    python tests/benchmarks/throughput.py --output reports/performance/throughput.json

Figures are images per second in the second epoch, the first being the warm-up; every measurement
is a process of its own with the same threads. The large matmul beside them says what the cores can
do at most: training takes about three times the multiplications of the forward pass.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import harness

from mnist_search.execution._process import thread_variables
from mnist_search.specs import available_cores

NETS = ("cnn-simple", "mlp-drop-2", "cnn-plain")
# seconds per round grow with these; each epoch takes a second or more
IMAGES = {"cnn-simple": 20_000, "mlp-drop-2": 40_000, "cnn-plain": 10_000}
CONTESTANTS = ("mnist-search", "fit", "torch")
PRECISIONS = ("float32", "bfloat16")
MATMUL_SIZE = 2048


def main() -> None:
    """Measure every contestant in every round, and write the ratios."""
    parser = harness.arguments(__doc__ or "")
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--threads", type=int, default=None, help="of a run; all cores")
    parser.add_argument("--images", type=int, default=None, help="of an epoch; by net")
    parser.add_argument("--torch", default="torch", help="what pip installs for PyTorch")
    parser.add_argument("--packages", type=Path, default=None, help="folder that it goes into")
    parser.add_argument("--child", nargs=4, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        contestant, net, precision, path = options.child
        harness.answer(_measure(contestant, net, precision, Path(path)))
        return
    packages = (
        harness.installed([options.torch], options.packages)
        if "torch" in options.contestants
        else {}
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = _rounds(options, Path(folder), packages)
    harness.write(
        options.output,
        "throughput",
        threads=options.threads,
        unit="images per second in the second epoch",
        rows=rows,
        ratios=_ratios(rows),
        limits=_limits(options),
    )


def _rounds(
    options: argparse.Namespace, folder: Path, packages: dict[str, str]
) -> list[dict[str, Any]]:
    samples: dict[tuple[str, str, str], list[float]] = {}
    loss: dict[tuple[str, str, str], float] = {}
    threads = options.threads or available_cores()
    for number in range(1, options.repeats + 1):
        for net in options.nets:
            path = folder / f"{net}.npz"
            if not path.exists():
                # Imported here: what follows needs numpy alone, and so does its process.
                from data import first_images

                held_out = 1000
                first_images(path, train=(options.images or IMAGES[net]) + held_out)
            for precision in options.precisions:
                for contestant in options.contestants:
                    # The peers get what their libraries choose, ours what its workers get.
                    own = contestant == "mnist-search"
                    found = harness.child(
                        [__file__, "--output", "-", "--child", contestant, net, precision, path],
                        threads=threads,
                        environment=thread_variables(threads) if own else packages,
                    )
                    key = (net, precision, contestant)
                    samples.setdefault(key, []).append(found["images_per_second"])
                    loss[key] = found["loss"]
                    harness.say(
                        f"round {number}: {net}, {precision}, {contestant}: "
                        f"{found['images_per_second']:,.0f} images/s"
                    )
    return [
        {
            "net": net,
            "precision": precision,
            "contestant": contestant,
            "images_per_second": harness.spread(values),
            "loss_after": loss[net, precision, contestant],
        }
        for (net, precision, contestant), values in samples.items()
    ]


def _ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the trainer over each other contestant; bfloat16 also over `fit` in float32."""
    by_key = {
        (row["net"], row["precision"], row["contestant"]): row["images_per_second"]["samples"]
        for row in rows
    }
    found = []
    for (net, precision, contestant), samples in by_key.items():
        own = by_key.get((net, precision, "mnist-search"))
        if own is not None and contestant != "mnist-search":
            found.append(_ratio(net, precision, contestant, precision, own, samples))
        half = by_key.get((net, "bfloat16", "mnist-search"))
        if half is not None and precision == "float32" and contestant == "fit":
            found.append(_ratio(net, "bfloat16", contestant, precision, half, samples))
    return found


def _ratio(
    net: str,
    precision: str,
    against: str,
    against_precision: str,
    own: list[float],
    other: list[float],
) -> dict[str, Any]:
    return {
        "net": net,
        "precision": precision,
        "against": against,
        "against_precision": against_precision,
        "ratio": harness.ratio(own, other),
    }


def _limits(options: argparse.Namespace) -> list[dict[str, Any]]:
    # With the settings of a worker: without oneDNN the cores seem to reach half of what they do.
    threads = options.threads or available_cores()
    return [
        {
            "precision": precision,
            "gflops": harness.child(
                [__file__, "--output", "-", "--child", "matmul", "-", precision, "-"],
                threads=threads,
                environment=thread_variables(threads),
            ),
        }
        for precision in options.precisions
    ]


def _measure(contestant: str, net: str, precision: str, path: Path) -> Any:
    match contestant:
        case "mnist-search":
            return _own(net, precision, path)
        case "fit":
            return _fit(net, precision, path)
        case "torch":
            return _torch(net, precision, path)
        case _:
            return _matmul(precision)


def _own(net: str, precision: str, path: Path) -> dict[str, float]:
    import os

    from mnist_search.datasets import resolve
    from mnist_search.references import get_reference
    from mnist_search.specs import Job
    from mnist_search.training import run_job

    config = get_reference(net).run_config("held-out")
    config = config.model_copy(
        update={"training": config.training.model_copy(update={"epochs": 2})}
    )
    job = Job(
        number=0,
        config=config,
        seed=0,
        dataset=resolve(str(path), environ=os.environ),
        precision=precision,  # type: ignore[arg-type]
    )
    result = run_job(job, lambda step, accuracy: False)
    if result.failure is not None:
        raise SystemExit(result.failure.message)
    second = result.epochs[1]
    images = _trained_images(path)
    return {"images_per_second": images / second.seconds, "loss": second.loss}


def _trained_images(path: Path) -> int:
    """Return how many images the held-out protocol trains on."""
    import os

    from mnist_search.datasets import load_search, resolve

    return len(load_search(resolve(str(path), environ=os.environ)).train.images)


def _fit(net: str, precision: str, path: Path) -> dict[str, float]:
    import keras
    from data import floats
    from nets import BATCH_SIZES, keras_net

    if precision == "bfloat16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    images, labels, _, _ = floats(path)
    model = keras_net(net)
    seconds = 0.0
    history = None
    for _ in range(2):
        started = time.perf_counter()
        history = model.fit(images, labels, batch_size=BATCH_SIZES[net], epochs=1, verbose=0)
        seconds = time.perf_counter() - started
    assert history is not None
    return {"images_per_second": len(images) / seconds, "loss": history.history["loss"][-1]}


def _torch(net: str, precision: str, path: Path) -> dict[str, float]:
    harness.use_installed()
    import torch
    from data import floats
    from nets import BATCH_SIZES, torch_net

    arrays = floats(path)
    images = torch.from_numpy(arrays[0]).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(arrays[1]).long()
    model, optimizer = torch_net(net)
    batch = BATCH_SIZES[net]
    seconds, total = 0.0, 0.0
    for _ in range(2):
        started, total = time.perf_counter(), 0.0
        order = torch.randperm(len(images))
        for first in range(0, len(images), batch):
            rows = order[first : first + batch]
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        seconds = time.perf_counter() - started
    return {"images_per_second": len(images) / seconds, "loss": total / len(images)}


def _matmul(precision: str) -> dict[str, Any]:
    """Return what a large product of matrices reaches, in 10^9 operations a second."""
    import tensorflow as tf

    kind = tf.bfloat16 if precision == "bfloat16" else tf.float32
    matrix = tf.cast(tf.random.normal([MATMUL_SIZE, MATMUL_SIZE]), kind)
    found = []
    for _ in range(12):
        started = time.perf_counter()
        float(tf.cast(tf.matmul(matrix, matrix)[0, 0], tf.float32))
        found.append(2 * MATMUL_SIZE**3 / (time.perf_counter() - started) / 1e9)
    return harness.spread(found[2:])


if __name__ == "__main__":
    main()
