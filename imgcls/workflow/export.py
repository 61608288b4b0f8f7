"""A trained run as a bundle that any TensorFlow Serving can load."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.manifest.table import Manifest
from imgcls.data.sources.cards import licence_of
from imgcls.engines.engine import DECISION, EMBEDDING, LOGITS, PREDICTION_SET, PROBABILITIES, UNKNOWN_SCORE
from imgcls.engines.tensorflow import TensorFlowEngine
from imgcls.evaluation.judgement.judgement import Judgement
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.explain.explanation_graph import ExplanationGraph
from imgcls.explain.methods.grad_cam import grad_cam
from imgcls.explain.methods.method import MethodOptions
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.layers.native_layout import convolves
from imgcls.models.classifier import (
    class_names,
    embedding_model,
    in_channels_last,
    is_multi_label,
    judgement_models,
    load_model,
    logits_model,
    preprocessing,
)
from imgcls.models.computed_in import in_bfloat16
from imgcls.models.inference_form import inference_form
from imgcls.run_folder import RunFolder
from imgcls.serving.bundle import write_bundle
from imgcls.serving.compatibility.targets import NEWEST_SERVING
from imgcls.serving.export_format import BFLOAT16, FLOAT32, INT8, ExportedClassifier
from imgcls.serving.formats import split_name
from imgcls.serving.low_precision import LowPrecision
from imgcls.serving.parity import Reference
from imgcls.serving.versions import check_name
from imgcls.workflow.drift import drift_reference_of
from imgcls.workflow.judgement_layer import judgement_of, raise_thresholds
from imgcls.workflow.network_of import network_or_problem
from imgcls.workflow.precision_data import calibration_pixels, labelled_images

BATCH = 32  # images
MOST_IMAGES = 64  # of the test split, on which model and bundle are compared


def export_run(
    run: RunFolder | str | Path,
    output: str | Path = "saved_models",
    name: str = "",
    formats: Sequence[str] = (),
    explain: bool = False,
    for_serving: str = NEWEST_SERVING,
    precisions: Sequence[str] = (),
    most_accuracy_loss: float = 0.01,
    threshold: float = 0.0,
) -> Path:
    """Write a run's model as the next version of a bundle, and prove that both give the same probabilities.

    Args:
        run: Folder of a run that has a model.
        output: Folder for `<name>/<version>`.
        name: Of the bundle; empty: the run's, with '_' for spaces and other signs that an address does not take.
        formats: Formats that are written besides the SavedModel, such as "openvino".
        explain: Whether the SavedModel also says why, with a heat map, as the signature "explanation".
        for_serving: The release of TensorFlow Serving that has to know every operation of the graph.
        precisions: "bfloat16" and "int8", in which each of the formats that has them is written too.
        most_accuracy_loss: How much smaller the share of test images that they name rightly may be than float32's.
        threshold: Probability, 0 to 1, below which the decision is "not sure"; 0: as the run was fitted.

    Returns:
        The folder of the new version.

    Raises:
        ValueError: If the run has no model, the name is no name of a folder, a format or the release is unknown, the
            release lacks what the network asks for, the network has no feature map to explain by, or a threshold is
            asked for and nothing that decides was fitted.
        RuntimeError: If the bundle's probabilities differ from the model's by more than 1e-4, or a heat map by more
            than 1e-4 of its maximum, or if a precision loses more accuracy than is allowed; it is removed then.

    Example:
        ::

            from imgcls import export_run

            print(export_run("runs/photos-1"))  # saved_models/photos-1/1
    """
    run = RunFolder.of(run)
    manifest = Manifest.load(run.manifest_file)
    run_model = load_model(run.require_model())
    if threshold:
        raise_thresholds(run_model, threshold)
    model = inference_form(in_channels_last(run_model))
    judged = judgement_of(run_model)
    graph = explanation_graph(model) if explain else None
    classifier = ExportedClassifier(
        model,
        embedding_model(model),
        class_names(model),
        Preprocessing(**preprocessing(model)),
        logits_model(model),
        judgement_models(model),
        judged.to_dict() if judged else {},
        architecture=run_model.name,
        config=run.config_file.read_text("utf-8"),
        licence=licence_of(run.config.input.data),
        multi_label=is_multi_label(model),
        drift_reference=drift_reference_of(run) or {},
        network=network_or_problem(model),
        explain=graph,
    )
    images = evenly(list(dict.fromkeys(manifest.paths(manifest.split("test")))), MOST_IMAGES)
    name = check_name(name or run.bundle_name)
    judge = None if judged is None else partial(judge_pixels, run_model, judged)
    maps = partial(heat_maps, run_model) if explain else None
    low = None
    if needed := ({split_name(each)[1] for each in formats} | set(precisions)) - {FLOAT32}:
        low = LowPrecision(precisions, labelled_images(manifest, class_names(model)), most_accuracy_loss)
        pixels = calibration_pixels(manifest, classifier.preprocessing) if INT8 in needed else None
        classifier = replace(classifier, calibration=pixels, in_bfloat16=partial(computed_in_bfloat16, classifier))
    reference = Reference(run_model, images, judge, maps)
    return write_bundle(output, name, classifier, reference, formats, for_serving, low)


def computed_in_bfloat16(classifier: ExportedClassifier) -> ExportedClassifier:
    """The same classifier, whose layers compute in bfloat16. Raises ValueError if this processor does not."""
    if not convolves(BFLOAT16):
        raise ValueError("This processor does not compute in bfloat16. Export the SavedModel without that precision.")
    model = in_bfloat16(classifier.model)
    return replace(
        classifier,
        model=model,
        embedding=embedding_model(model),
        logits=logits_model(model),
        judgement=judgement_models(model),
        explain=None,
    )


def explanation_graph(model: keras.Model) -> ExplanationGraph:
    """What the signature "explanation" computes of a model. Raises ValueError if it has no feature map."""
    try:
        return ExplanationGraph(Network(model))
    except ValueError as error:
        raise ValueError(f"--explain draws a heat map by the last feature map. {error} Export without it.") from error


def heat_maps(model: keras.Model, pixels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The heat maps of a run's model as the command `explain` computes them, (N, height, width).

    Args:
        model: The run's model.
        pixels: (N, height, width, channels), float32 in [0, 255].
        names: Of the class that is explained, for each.
    """
    network = Network(model)
    return grad_cam(network, pixels, class_scores(network, names), MethodOptions()).values


def judge_pixels(model: keras.Model, judgement: Judgement, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """What a run's judgement says of pixels, computed by NumPy, with names for the decisions.

    Args:
        model: The run's model.
        judgement: What it keeps.
        pixels: (N, height, width, channels), float32 in [0, 255].
    """
    parts = {PROBABILITIES: model, LOGITS: logits_model(model), EMBEDDING: embedding_model(model)}
    engine = TensorFlowEngine(parts)
    batches = [engine.predict(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
    found = {name: np.concatenate([batch[name] for batch in batches]) for name in parts}
    rows = pd.DataFrame({"image": [str(place) for place in range(len(pixels))]})
    table = PredictionTable(rows, class_names(model), found[PROBABILITIES], found[LOGITS], found[EMBEDDING])
    said = {DECISION: judgement.decide(table), PREDICTION_SET: judgement.sets.apply(table.probabilities)}
    return said if judgement.unknown is None else {**said, UNKNOWN_SCORE: judgement.unknown.scores(table)}


def evenly(paths: Sequence[Path], most: int) -> list[Path]:
    """At most `most` of the paths, evenly drawn, so that every class has its share."""
    count = min(most, len(paths))
    return [paths[i * len(paths) // count] for i in range(count)]
