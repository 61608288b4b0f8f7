"""What a judgement is written as: figures, report and model card."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from imgcls.command_line import command_line
from imgcls.data.audit import Finding, find_problems
from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.cards import licence_of
from imgcls.evaluation.judgement.judgement import Judgement
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.pages.section import NextStep
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.model_card import ModelCard, write_model_card
from imgcls.evaluation.report.next_steps import Trained, ranked, report_steps
from imgcls.evaluation.report.report import Report, write_report
from imgcls.evaluation.report.whitening import Whitened, show_whitening
from imgcls.files import read_json, write_json
from imgcls.models.classifier import in_channels_last, load_model, preprocessing
from imgcls.progress import Progress
from imgcls.run_folder import WAITING, RunFolder
from imgcls.workflow.analyses import Analysis, Judging, analyse
from imgcls.workflow.judged import Judged
from imgcls.workflow.predictions import predictions_of

WHITENED = 12  # images in the report, before and after
MOST_NEIGHBOURS = 5_000  # training images among which those nearest to a mistake are looked for
MOST_AUDITED = 100_000  # images of which the report names what the audit finds


@dataclass(frozen=True)
class Result:
    """A judgement that is to be written.

    Attributes:
        judged: The classifier and the images.
        table: Its predictions for them.
        evaluation: The figures.
        judgement: What was fitted on validation after training; None where nothing was.
        training: Predictions for training images; None where there are none.
    """

    judged: Judged
    table: PredictionTable
    evaluation: Evaluation
    judgement: Judgement | None
    training: PredictionTable | None = None

    @property
    def run(self) -> RunFolder | None:
        """The run; None for a bundle."""
        return self.judged.subject.run

    @cached_property
    def own(self) -> Manifest | None:
        """The images of the run; None for a bundle."""
        return Manifest.load(self.run.manifest_file) if self.run else None

    @cached_property
    def analyses(self) -> list[Analysis]:
        """Every analysis that these images allow."""
        return analyse(Judging(self.table, self.judgement, self.run, self.judged.subject.model))

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Every file that was left out, before training, during it, or now, with the reason."""
        lost = self.run.lost().items() if self.run else ()
        return [*self.judged.manifest.problems.itertuples(index=False, name=None), *lost, *self.table.problems]

    @cached_property
    def splits(self) -> dict[str, dict[str, int]]:
        """How many images of each class there are in each split of the run."""
        if self.own is None:
            return {}
        counts = self.own.counts()
        return {str(split): {str(name): int(count) for name, count in counts[split].items()} for split in counts}

    @cached_property
    def next_steps(self) -> list[NextStep]:
        """What to do next: what might bring most stands first."""
        return ranked([*_steps(self), *(step for analysis in self.analyses for step in analysis.steps)])

    @property
    def facts(self) -> dict[str, str]:
        """What the reader should know first."""
        options, judged = self.judged.subject.options, self.judged
        network = options.get("network", {})
        plan = self.run.plan().get("reasons", []) if self.run else []
        return {
            "model": network.get("model", ""),
            "weights": network.get("weights", ""),
            "trained": "; ".join([network.get("plan", ""), *plan]),
            "data": options.get("input", {}).get("data", ""),
            "images": f"{len(self.own.split('train')):,} for training" if self.own else "",
            "judged on": f"{judged.data}, {judged.part}" if judged.data else f"the {judged.part} split",
            "splits": self.table.facts["split_hash"][:12],
        }


def write_evaluation(result: Result) -> None:
    """Write figures, report and model card.

    Raises:
        OSError: If one of them cannot be written.
    """
    files = result.judged.files
    facts = {name: result.table.facts[name] for name in ("data", "split", "split_hash")}
    analyses = {analysis.name: analysis.figures for analysis in result.analyses}
    evaluation = result.evaluation.to_dict()
    write_json(files.figures, {**facts, "problems": result.problems, **evaluation, "analyses": analyses})
    write_report(files.report, _report(result))
    write_model_card(files.model_card, _model_card(result))


def neighbours_of(run: RunFolder | None, progress: Progress) -> PredictionTable | None:
    """Training images with embeddings of the same model; None for a bundle, which has no images.

    Args:
        run: The run.
        progress: Receives how many images are predicted.
    """
    if run is None or Manifest.load(run.manifest_file).split("train").empty:
        return None
    return predictions_of(run, "train", progress, MOST_NEIGHBOURS)


def _report(result: Result) -> Report:
    return Report(
        title=result.judged.subject.title,
        facts={**result.facts, **training_facts(result.run)},
        evaluation=result.evaluation,
        table=result.table,
        neighbours=result.training,
        splits=result.splits,
        sections=[analysis.section for analysis in result.analyses],
        next_steps=result.next_steps,
        findings=_findings(result.own),
        metrics=result.run.metrics() if result.run else [],
        problems=result.problems,
        config=result.judged.subject.config_text,
        commands=_commands(result),
        whitening=_whitening(result.run, result.table.paths()[:WHITENED]) if result.run else None,
    )


def training_facts(run: RunFolder | None) -> dict[str, str]:
    """What the training measured of its own speed, by name; empty for a bundle, or where nothing was measured."""
    if run is None:
        return {}
    rows = [row for row in run.metrics() if WAITING in row and row.get("seconds", 0) > 0]
    facts, seconds = {}, sum(row["seconds"] for row in rows)
    if seconds:
        waited = sum(row[WAITING] * row["seconds"] for row in rows)
        facts["waited for images"] = f"{100 * waited / seconds:.1f} % of the epochs' time"
    trial = read_json(run.xla_file)
    if isinstance(trial.get("xla"), str) and isinstance(trial.get("why"), str):
        facts["XLA"] = f"{trial['xla']}: {trial['why']}"
    return facts


def _steps(result: Result) -> list[NextStep]:
    """What the run's own figures advise."""
    options = result.judged.subject.options
    trained = Trained(
        run=str(result.run.path) if result.run else "",
        data=options.get("input", {}).get("data", ""),
        epochs=result.run.metrics() if result.run else [],
        counts=result.splits.get("train", {}),
        image_size=options.get("input", {}).get("image_size", 0),
        problems=len(result.problems),
        waiting=result.own.waiting if result.own else 0,
    )
    return report_steps(result.table, trained)


def _model_card(result: Result) -> ModelCard:
    data, path = result.facts["data"], result.judged.subject.path
    licence = licence_of(data) if data else ""
    return ModelCard(
        title=result.judged.subject.title,
        run=str(path),
        facts=result.facts,
        evaluation=result.evaluation,
        table=result.table,
        splits=result.splits,
        config=result.judged.subject.config_text,
        license="" if licence == "not stated" else licence.lower(),
    )


def _findings(manifest: Manifest | None) -> list[Finding] | None:
    if manifest is None or len(manifest.table) > MOST_AUDITED:
        return None
    return find_problems(manifest)


def _commands(result: Result) -> Mapping[str, str]:
    """What to type, by what it does."""
    judged, path = result.judged, result.judged.subject.path
    data = ("--data", judged.data) if judged.data else ()
    split = () if judged.part in ("test", "all") else ("--split", judged.part)
    again = {"write this report": command_line("evaluate", path, *split, *data)}
    if result.run is None:
        return again
    other = f"{result.run.path.resolve().name}-2"
    return {
        "repeat the run": command_line("train", "--config", f"{path}/config.toml", "--name", other),
        **again,
        "audit the images": command_line("audit", f"{path}/manifest.parquet"),
        "export the model": command_line("export", path),
    }


def _whitening(run: RunFolder, paths: list[Path]) -> Whitened | None:
    """What the run's whitening layer makes of some images; None without one."""
    if run.config.input.whitening == "none":
        return None
    model = in_channels_last(load_model(run.require_model()))
    layer = model.get_layer("whitening")
    outcomes = read_images(paths, Preprocessing(**preprocessing(model)))
    before = np.stack([outcome.result for outcome in outcomes if not outcome.problem])
    after = keras.Model(model.input, layer.output).predict_on_batch(before)
    return show_whitening(before, np.asarray(after), np.asarray(layer.explained_variance_))
