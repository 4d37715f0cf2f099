"""What the documents claim, asked of made-up runs."""

from __future__ import annotations

import itertools

import pytest

from mnist_search.analysis import SHIPPED
from mnist_search.analysis.baselines import collect_baselines
from mnist_search.analysis.claims import AnsweredClaim, answer_claims
from mnist_search.analysis.questions import CLAIMS, Claim
from mnist_search.analysis.suite import training_accuracies
from mnist_search.analysis.wording import tell_claim
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import Protocol, Record, Score
from tests.analysis import made_up
from tests.analysis.made_up import reference_run


def run(
    name: str,
    seed: int,
    *,
    correct: int = 9_800,
    loss: float = 0.1,
    curve: tuple[float, ...] = (),
    training: float = 0.99,
    zeros: int | None = None,
    protocol: Protocol = "documented",
) -> Record:
    return reference_run(
        name,
        seed=seed,
        protocol=protocol,
        test=Score(correct=correct, total=10_000, loss=loss),
        epochs=made_up.curve(curve, accuracy=training),
        zero_coefficients=zeros,
    )


def answered(records: list[Record]) -> dict[str, AnsweredClaim]:
    found = answer_claims(collect_baselines(records, REFERENCES), SHIPPED, {})
    return {one.claim.sentence: one for one in found}


def test_every_claim_is_about_references_of_its_document() -> None:
    for claim in CLAIMS:
        for name in itertools.chain.from_iterable(claim.pairs):
            assert get_reference(name).document == claim.document
        assert len(set(claim.pairs)) == len(claim.pairs)


def nine(losses: dict[str, float], seeds: int = 3, step: int = 0) -> list[Record]:
    return [
        run(
            f"mlp-{style}-{depth}",
            seed,
            correct=9_800 + step * place,
            loss=loss + 0.001 * seed,
        )
        for style, loss in losses.items()
        for place, depth in enumerate((2, 3, 5))
        for seed in range(seeds)
    ]


def test_the_loss_of_dropout_is_asked_of_all_depths() -> None:
    found = answered(nine({"relu": 0.10, "batch": 0.09, "drop": 0.055}))
    claim = found["Dropout lowers the test loss."]
    assert claim.answer == "supported"
    assert len(claim.pairs) == 6
    assert claim.pairs[0].gap.difference == pytest.approx(-0.035)
    assert claim.pairs[0].gap.interval.low < -0.035 < claim.pairs[0].gap.interval.high < 0
    said = tell_claim(claim)
    assert said.startswith("“Dropout lowers the test loss.” Supported, by 6 of 6 pairs: test loss")
    assert "mlp-drop-2 0.0560 against mlp-batch-2 0.0910 (-0.0350, " in said
    assert said.endswith("; and 3 more.")
    other = answered(nine({"relu": 0.05, "batch": 0.09, "drop": 0.055}))
    assert other["Dropout lowers the test loss."].answer == "contradicted"
    alike = answered(nine({"relu": 0.055, "batch": 0.055, "drop": 0.055}))
    assert alike["Dropout lowers the test loss."].answer == "not decided"


def test_equal_accuracies_are_shown_only_by_narrow_intervals() -> None:
    losses = {"relu": 0.1, "batch": 0.1, "drop": 0.05}
    sentence = "The accuracy is about the same for all models."
    few, many = answered(nine(losses)), answered(nine(losses, seeds=30))
    assert (few[sentence].answer, len(few[sentence].pairs)) == ("not decided", 36)
    # Two proportions: without the answers no number of seeds makes the images more.
    assert many[sentence].answer == "not decided"
    assert many[sentence].pairs[0].gap.interval.high < few[sentence].pairs[0].gap.interval.high
    apart = answered(nine(losses, step=60))
    assert apart[sentence].answer == "contradicted"


def test_speed_and_overfitting_are_asked_of_corrected_runs() -> None:
    def document_a(fast: tuple[float, ...], training: float) -> list[Record]:
        plain = [
            run("cnn-plain", seed, protocol="corrected", curve=(0.95, 0.965, 0.98 + seed / 1000))
            for seed in range(3)
        ]
        return plain + [
            run(
                "cnn-bn-dropout",
                seed,
                protocol="corrected",
                curve=(*fast[:-1], fast[-1] + seed / 1000),
                training=training + seed / 10_000,
            )
            for seed in range(3)
        ]

    found = answered(document_a((0.975, 0.98, 0.985), 0.97))
    faster = found["Batch-norm converges faster."]
    assert faster.answer == "supported"
    # From a tenth to 97.5 % in one epoch; 97 % lies a third of the way from 96.5 to 98 %.
    assert faster.pairs[0].values[0] == pytest.approx(0.87 / 0.875)
    assert faster.pairs[0].values[1] == pytest.approx(2.325, abs=0.02)
    assert found["Batch-norm and dropout are less overfitted."].answer == "supported"
    slow = answered(document_a((0.5, 0.6, 0.7), 0.995))
    assert slow["Batch-norm converges faster."].answer == "contradicted"
    assert slow["Batch-norm converges faster."].pairs[0].values[0] == 4.0
    assert slow["Batch-norm and dropout are less overfitted."].answer == "contradicted"


def test_coefficients_at_zero_are_counted() -> None:
    def linear(l1: int) -> list[Record]:
        counts = {"logistic-l1": l1, "logistic": 670, "logistic-l2": 671}
        return [
            run(name, seed, zeros=zeros + seed) for name, zeros in counts.items() for seed in (0, 1)
        ]

    sentence = "The l1 penalty drives coefficients to zero."
    claim = answered(linear(4_000))[sentence]
    assert claim.answer == "supported"
    assert claim.pairs[0].gap.method == "seeds alone"
    assert "coefficients at zero of logistic-l1 4000 against logistic 670 (+3330" in tell_claim(
        claim
    )
    assert answered(linear(600))[sentence].answer == "contradicted"
    assert sentence not in answered([run("logistic-l1", 0), run("logistic", 0)])


def test_one_run_each_tells_no_spread_of_a_loss() -> None:
    assert "Dropout lowers the test loss." not in answered(
        nine({"relu": 0.10, "batch": 0.09, "drop": 0.055}, seeds=1)
    )
    assert answered([]) == {}


def test_many_pairs_ask_more_of_each() -> None:
    records = [
        run(name, seed, loss=loss + 0.01 * seed)
        for name, loss in (("dnn", 0.10), ("dnn-dropout", 0.07))
        for seed in range(3)
    ]

    def ask(pairs: int) -> float:
        claims = [
            Claim(
                document="D",
                sentence=str(number),
                quantity="test loss",
                direction="lower",
                pairs=(("dnn-dropout", "dnn"),),
            )
            for number in range(pairs)
        ]
        found = answer_claims(collect_baselines(records, REFERENCES), SHIPPED, {}, claims)
        return found[0].pairs[0].gap.p_adjusted

    assert ask(4) == pytest.approx(4 * ask(1))


def test_training_accuracies_stand_beside_those_that_were_printed() -> None:
    records = [run("dnn", seed, curve=(0.9, 0.97), training=0.98 + 0.01 * seed) for seed in (0, 1)]
    (found,) = training_accuracies(collect_baselines(records, REFERENCES), REFERENCES)
    assert (found.reference, found.n, found.published) == ("dnn", 2, 0.997883)
    assert found.training == pytest.approx(0.985)
    assert found.test == 0.98
