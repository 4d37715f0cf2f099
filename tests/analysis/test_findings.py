"""Contrasts of made-up runs, and the sentences about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from mnist_search.analysis import pack_predictions, tell, tell_all
from mnist_search.analysis.baselines import collect_baselines
from mnist_search.analysis.findings import Finding, find_contrasts
from mnist_search.analysis.questions import CONTRASTS
from mnist_search.analysis.statistics import mcnemar_p_value
from mnist_search.analysis.traits import differing_traits, traits_of
from mnist_search.references import REFERENCES, get_reference
from mnist_search.specs import DatasetRef, Precision, Protocol, Record, RunConfig, Score
from tests.analysis.made_up import MNIST, reference_run

DIGITS = DatasetRef(name="digits", digest="d", train_images=1_437, test_images=10_000)


def run(
    name: str,
    wrong: range,
    *,
    seed: int = 0,
    protocol: Protocol = "documented",
    config: RunConfig | None = None,
    dataset: DatasetRef = MNIST,
    precision: Precision = "float32",
    collapsed: bool = False,
    stored: bool = True,
    finished: float = 0.0,
) -> Record:
    """Make a run that answers the images `wrong` wrongly; all labels are 0."""
    answers = bytearray(10_000)
    for image in wrong:
        answers[image] = 1
    return reference_run(
        name,
        seed=seed,
        protocol=protocol,
        config=config,
        dataset=dataset,
        finished=finished,
        test=Score(correct=10_000 - len(wrong), total=10_000),
        predictions=pack_predictions(bytes(answers)) if stored else None,
        collapsed=collapsed,
        precision=precision,
    )


def find(records: Sequence[Record]) -> tuple[Finding, ...]:
    """Answer the contrasts; all labels are 0."""
    labels = {MNIST.digest: bytes(10_000), DIGITS.digest: bytes(10_000)}
    return find_contrasts(collect_baselines(records, REFERENCES), REFERENCES, labels=labels)


def only(records: Sequence[Record]) -> Finding:
    (finding,) = find(records)
    return finding


DOCUMENT_A = {
    ("cnn-plain", "documented"): range(100),
    ("cnn-bn-dropout", "documented"): range(1_200),
    ("cnn-plain", "corrected"): range(100),
    ("cnn-bn-dropout", "corrected"): range(50),
}


def document_a(wrong: Mapping[tuple[str, str], range] = DOCUMENT_A) -> list[Record]:
    return [
        run(name, images, protocol="corrected" if protocol == "corrected" else "documented")
        for (name, protocol), images in wrong.items()
    ]


def test_every_contrast_pairs_references_of_its_document_once() -> None:
    pairs = [(c.first, c.first_protocol, c.second, c.second_protocol) for c in CONTRASTS]
    assert len(set(pairs)) == len(pairs)
    assert {name for pair in pairs for name in pair[::2]} == {r.name for r in REFERENCES}
    for contrast in CONTRASTS:
        for name in (contrast.first, contrast.second):
            assert get_reference(name).document == contrast.document


def test_a_question_is_about_traits_that_some_of_its_pairs_differ_in() -> None:
    differences: dict[str, set[str]] = {}
    about: dict[str, frozenset[str]] = {}
    for contrast in CONTRASTS:
        first = get_reference(contrast.first).run_config(contrast.first_protocol)
        second = get_reference(contrast.second).run_config(contrast.second_protocol)
        about[contrast.question] = about.get(contrast.question, frozenset()) | contrast.about
        differences.setdefault(contrast.question, set()).update(differing_traits(first, second))
    for question, traits in about.items():
        assert traits <= differences[question], question


def test_a_contrast_without_its_runs_is_left_out() -> None:
    assert find([]) == ()
    assert find([run("dnn", range(200))]) == ()
    changed = get_reference("dnn").config
    changed = changed.model_copy(
        update={"training": changed.training.model_copy(update={"batch_size": 64})}
    )
    assert find([run("dnn", range(200), config=changed), run("dnn-dropout", range(100))]) == ()
    failed = run("dnn", range(200)).model_copy(update={"state": "failed"})
    assert find([failed, run("dnn-dropout", range(100))]) == ()


def test_the_conclusion_of_document_a_turns_round_where_the_figures_do() -> None:
    documented, corrected, plain, other = find(document_a())
    assert (documented.outcome, documented.published_outcome) == ("worse", "worse")
    assert (corrected.outcome, corrected.published_outcome) == ("better", "worse")
    assert "Published: -11.24 points, in the same direction." in tell(documented)
    assert "Published: -11.24 points, in the opposite direction." in tell(corrected)
    assert (plain.outcome, other.outcome) == ("no significant difference", "worse")
    assert plain.published is None
    assert "Published" not in tell(other)
    assert tell_all([documented, corrected, plain, other]) == (
        "3 of 4 contrasts are significant; of the significant differences in the documents "
        "1 is confirmed, 1 is reversed and 0 are not significant here."
    )


def test_no_conclusion_is_written_anywhere_but_in_the_figures() -> None:
    other_way = dict(
        zip(DOCUMENT_A, (range(1_200), range(100), range(50), range(100)), strict=True)
    )
    documented, corrected, *_ = find(document_a(other_way))
    assert (documented.outcome, corrected.outcome) == ("better", "worse")
    assert "cnn-bn-dropout (documented) is significantly better" in tell(documented)
    assert "in the opposite direction" in tell(documented)
    tied = {key: range(100) for key in DOCUMENT_A}
    assert {finding.outcome for finding in find(document_a(tied))} == {"no significant difference"}
    assert "significant there, not here" in tell(find(document_a(tied))[0])


def test_a_sentence_has_both_accuracies_the_difference_its_sureness_and_n() -> None:
    finding = only([run("dnn", range(200)), run("dnn-dropout", range(100))])
    assert finding.measured.difference == pytest.approx(0.01)
    assert (finding.first.label, finding.second.label) == ("dnn-dropout", "dnn")
    assert tell(finding) == (
        "Does dropout help? dnn-dropout 99.00 % against dnn 98.00 %: +1.00 points (95 % interval "
        "+0.71 to +1.29; p < 0.001, corrected p < 0.001; 1 run each, the same 10,000 images; how "
        "much another seed would change is borrowed from other models; these two networks: "
        "McNemar p < 0.001), dnn-dropout is significantly better. Published: +0.43 points, in "
        "the same direction."
    )


def test_several_seeds_are_compared_over_all_of_them() -> None:
    records = [run("dnn", range(200 + seed), seed=seed) for seed in range(3)]
    records += [run("dnn-dropout", range(100 + seed), seed=seed) for seed in (1, 2, 7)]
    finding = only(records)
    assert (finding.measured.method, finding.first.runs, finding.measured.networks_p_value) == (
        "paired",
        3,
        None,
    )
    assert finding.second.accuracy == pytest.approx(1 - 0.0201)
    assert "p < 0.001" in tell(finding)
    assert "3 runs each" in tell(finding)


def test_without_common_answers_proportions_are_compared_and_it_says_so() -> None:
    finding = only(
        [run("dnn", range(200), stored=False), run("dnn-dropout", range(100), stored=False)]
    )
    assert (finding.measured.method, finding.measured.networks_p_value) == ("two proportions", None)
    assert "not paired" in tell(finding)
    unequal = [run("dnn", range(200), seed=1), run("dnn", range(200), seed=2)]
    assert "1 and 2 runs" in tell(only([run("dnn-dropout", range(100)), *unequal]))


def test_data_and_precision_are_not_mixed() -> None:
    assert find([run("dnn", range(200)), run("dnn-dropout", range(100), dataset=DIGITS)]) == ()
    other = run("dnn-dropout", range(100), precision="bfloat16")
    assert find([run("dnn", range(200)), other]) == ()


def test_other_data_have_findings_but_nothing_published_beside_them() -> None:
    finding = only(
        [run("dnn", range(200), dataset=DIGITS), run("dnn-dropout", range(100), dataset=DIGITS)]
    )
    assert finding.outcome == "better"
    assert (finding.published, finding.published_outcome) == (None, None)
    assert tell_all([finding]) == "1 of 1 contrasts is significant."


def test_a_seed_that_ran_twice_counts_once_the_latest() -> None:
    finding = only(
        [
            run("dnn", range(200), finished=2.0),
            run("dnn", range(900), finished=1.0),
            run("dnn-dropout", range(200)),
        ]
    )
    assert finding.measured.difference == 0
    assert finding.outcome == "no significant difference"


def test_what_has_no_quirk_may_have_been_run_as_corrected() -> None:
    finding = only([run("dnn", range(200), protocol="corrected"), run("dnn-dropout", range(100))])
    assert finding.first.label == "dnn-dropout"


def test_a_collapse_is_named_and_other_differences_too() -> None:
    finding = only(
        [
            run("cnn-mnist-4", range(90)),
            run("cnn-mnist-3", range(8_865), collapsed=True),
        ]
    )
    assert "cnn-mnist-3 11.35 % (collapsed: predicts a single class)" in tell(finding)
    assert "They also differ in dropout." in tell(finding)


def test_many_contrasts_ask_more_of_each() -> None:
    pair = [run("dnn", range(100, 170)), run("dnn-dropout", range(60, 94))]
    alone = only(pair).measured
    assert alone.networks_p_value == pytest.approx(mcnemar_p_value(70, 34))
    assert (alone.significant, alone.p_adjusted) == (True, alone.p_value)
    others = [run(f"mlp-relu-{depth}", range(200)) for depth in (2, 3, 5)]
    among = next(finding for finding in find([*pair, *others]) if finding.contrast.document == "D")
    assert among.measured.p_value == alone.p_value
    assert among.measured.p_adjusted == pytest.approx(4 * alone.p_value)
    assert among.outcome == "no significant difference"
    assert among.published_outcome == "no significant difference"


def test_two_networks_may_differ_where_their_recipes_need_not() -> None:
    # One image answers otherwise in 40 of 10,000 cases only one way: McNemar is sure of the two
    # networks, but another seed of either recipe would change as much.
    finding = only([run("dnn", range(100, 140)), run("dnn-dropout", range(100, 115))])
    assert finding.measured.networks_p_value is not None
    assert finding.measured.networks_p_value < 0.001
    assert finding.outcome == "no significant difference"
    assert "these two networks: McNemar p < 0.001" in tell(finding)


def test_traits_of_the_two_models_that_differ_in_a_bias() -> None:
    second, fourth = get_reference("cnn-mnist-2").config, get_reference("cnn-mnist-4").config
    assert differing_traits(second, fourth) == ("bias", "dropout")
    assert traits_of(second).depth == traits_of(fourth).depth
