"""What is judged: the classifier of a run, or that of an exported bundle."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import keras

from imgcls.checksums import sha256_of
from imgcls.data.cache import source_name
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.judgement.judgement import Judgement
from imgcls.models.classifier import load_model
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import load_bundle
from imgcls.serving.details import read_details
from imgcls.serving.predictor import Predictor
from imgcls.serving.versions import find_version
from imgcls.workflow.judgement_layer import judgement_of
from imgcls.workflow.predictor import predictor_of_model
from imgcls.workflow.sources import is_bundle

EVALUATIONS = Path("evaluations")  # folder of the judgements of bundles


@dataclass(frozen=True)
class Subject:
    """A classifier that is judged.

    Attributes:
        title: Its name.
        path: Of the run, or of the version of the bundle.
        class_names: The classes that it knows.
        config_text: What it was trained with, as TOML.
        checksum: Of the file with its weights.
        run: The run; None for a bundle.
    """

    title: str
    path: Path
    class_names: list[str]
    config_text: str
    checksum: str
    run: RunFolder | None = None

    @classmethod
    def of(cls, source: "RunFolder | str | Path") -> "Subject":
        """The classifier in the folder of a run or of a bundle.

        Raises:
            ValueError: If there is neither, or the run has no model.
        """
        if not isinstance(source, RunFolder) and is_bundle(Path(source)):
            return cls._of_bundle(find_version(source))
        run = RunFolder.of(source)
        return cls(
            title=run.path.resolve().name,
            path=run.path,
            class_names=Manifest.load(run.manifest_file).class_names,
            config_text=run.config_file.read_text("utf-8"),
            checksum=sha256_of(run.require_model()),
            run=run,
        )

    @classmethod
    def _of_bundle(cls, version: Path) -> "Subject":
        details = read_details(version)
        return cls(
            title=f"{version.parent.name} {version.name}",
            path=version,
            class_names=details["class_names"],
            config_text=details["config"],
            checksum=sha256_of(version / "variables" / "variables.data-00000-of-00001"),
        )

    @property
    def options(self) -> dict[str, Any]:
        """What it was trained with: the sections of the config, each with its fields; empty if that is not known."""
        try:
            return tomllib.loads(self.config_text)
        except tomllib.TOMLDecodeError:
            return {}

    @property
    def is_multi_label(self) -> bool:
        """Whether an image has any number of its classes."""
        return bool(self.options.get("input", {}).get("task") == "multi_label")

    @cached_property
    def model(self) -> keras.Model | None:
        """The model of a run; None for a bundle."""
        return load_model(self.run.require_model()) if self.run else None

    def load(self) -> Predictor:
        """The classifier, ready to predict."""
        return load_bundle(self.path) if self.model is None else predictor_of_model(self.model)

    def judgement(self) -> Judgement | None:
        """What was fitted on validation after training; None where nothing was, and for a bundle."""
        return None if self.model is None else judgement_of(self.model)

    def folder(self, output: str | Path = "") -> Path:
        """Where its judgement is written: the run's folder, and for a bundle, which nobody writes into, another.

        Args:
            output: The folder that the user named; empty for the usual one.
        """
        if output:
            return Path(output)
        return self.run.path if self.run else EVALUATIONS / source_name(str(self.path.resolve()), 8)
