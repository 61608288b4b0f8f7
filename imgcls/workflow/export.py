"""A trained run as a bundle that any TensorFlow Serving can load."""

from collections.abc import Sequence
from pathlib import Path

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.cards import licence_of
from imgcls.models.classifier import (
    class_names,
    embedding_model,
    in_channels_last,
    is_multi_label,
    load_model,
    preprocessing,
)
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import write_bundle
from imgcls.serving.drift_reference import write_drift_reference
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.parity import Reference
from imgcls.serving.versions import check_name
from imgcls.workflow.drift import drift_reference_of

MOST_IMAGES = 64  # of the test split, on which model and bundle are compared


def export_run(
    run: RunFolder | str | Path,
    output: str | Path = "saved_models",
    name: str = "",
    formats: Sequence[str] = (),
) -> Path:
    """Write a run's model as the next version of a bundle, and prove that both give the same probabilities.

    Args:
        run: Folder of a run that has a model.
        output: Folder for `<name>/<version>`.
        name: Of the bundle; empty: the run's.
        formats: Formats that are written besides the SavedModel, such as "openvino".

    Returns:
        The folder of the new version.

    Raises:
        ValueError: If the run has no model, the name is no name of a folder, or a format is unknown.
        RuntimeError: If the bundle's probabilities differ from the model's by more than 1e-4; it is removed then.

    Example:
        ::

            from imgcls import export_run

            print(export_run("runs/photos-1"))  # saved_models/photos-1/1
    """
    run = RunFolder.of(run)
    manifest = Manifest.load(run.manifest_file)
    run_model = load_model(run.require_model())
    model = in_channels_last(run_model)
    classifier = ExportedClassifier(
        model,
        embedding_model(model),
        class_names(model),
        Preprocessing(**preprocessing(model)),
        architecture=run_model.name,
        config=run.config_file.read_text("utf-8"),
        licence=licence_of(run.config.input.data),
        multi_label=is_multi_label(model),
    )
    images = evenly(list(dict.fromkeys(manifest.paths(manifest.split("test")))), MOST_IMAGES)
    name = check_name(name or run.path.resolve().name)
    drift_reference = drift_reference_of(run)
    version = write_bundle(output, name, classifier, Reference(run_model, images), formats)
    if drift_reference:
        write_drift_reference(version, drift_reference)
    return version


def evenly(paths: Sequence[Path], most: int) -> list[Path]:
    """At most `most` of the paths, evenly drawn, so that every class has its share."""
    count = min(most, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]
