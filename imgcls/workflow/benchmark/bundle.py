"""The bundle of a network, written so that its speed, memory and size can be measured.

It is what `python -m imgcls.export` writes, in every format that an installed engine computes, but for the proof in a
fresh process: the engines' answers are compared with TensorFlow's when they are timed.
"""

from collections.abc import Callable, Sequence
from importlib.metadata import packages_distributions, version
from pathlib import Path

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.models.classifier import class_names, embedding_model, in_channels_last, logits_model, preprocessing
from imgcls.models.inference_form import inference_form
from imgcls.serving.details import write_class_names, write_details
from imgcls.serving.export_format import ExportedClassifier, check_package
from imgcls.serving.formats import SAVED_MODEL, find_format, format_folder
from imgcls.workflow.benchmark.network import BuiltNetwork
from imgcls.workflow.benchmark.request import ENGINES

MODULES = {"tensorflow": "tensorflow", "openvino": "openvino", "onnx": "onnxruntime", "litert": "ai_edge_litert"}


def installed_engines(asked: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The engines that can be measured.

    Args:
        asked: Names of `ENGINES`; empty for all.

    Returns:
        The version of each engine that is installed, by its name, and for each that is not, what installs it.

    Raises:
        ValueError: If an engine that was asked for is not installed.
    """
    there, missing = {}, {}
    packages = packages_distributions()  # tensorflow is of tensorflow-cpu too, and onnxruntime of onnxruntime-gpu
    for engine in asked or ENGINES:
        try:
            check_package(find_format(ENGINES[engine]))
            there[engine] = version(packages[MODULES[engine]][0])
        except ValueError as error:
            if asked:
                raise ValueError(f"The engine {engine!r} is not installed. {error}") from error
            missing[engine] = str(error).partition(": ")[2]
    return there, missing


def write_measured_bundle(
    folder: Path,
    network: BuiltNetwork,
    engines: Sequence[str],
    on_written: Callable[[str, Path], None] = lambda engine, version: None,
) -> tuple[Path, dict[str, str]]:
    """Write the bundle of a network.

    Args:
        folder: Where it is written, as version 1 of a bundle.
        network: It is written in its form for prediction, as export does it.
        engines: The names of the engines; TensorFlow's SavedModel is written in any case, because it decodes images.
        on_written: Receives each engine, and the folder of the version, once it can be loaded; the others follow.

    Returns:
        The folder of the version, and for each engine that cannot compute the network the reason.
    """
    model = inference_form(in_channels_last(network.model))
    classifier = ExportedClassifier(
        model,
        embedding_model(model),
        class_names(model),
        Preprocessing(**preprocessing(model)),
        logits_model(model),
        architecture=network.model.name,
        multi_label=network.config.is_multi_label,
    )
    written = folder / "1"
    written.mkdir(parents=True)
    facts: dict[str, object] = dict(find_format(SAVED_MODEL).write(written, classifier))
    write_class_names(written, classifier)
    formats: dict[str, object] = {}
    problems: dict[str, str] = {}
    for engine in sorted(engines, key=lambda name: ENGINES[name] != SAVED_MODEL):
        try:
            formats |= _written(written, classifier, engine)
        except Exception as error:  # of another project, which may fail in ways of its own
            title = find_format(ENGINES[engine]).title
            problems[engine] = f"{title} cannot take it: {(str(error).strip().splitlines() or ['no reason'])[0]}"
            continue
        write_details(written, classifier, {**facts, "formats": formats})
        on_written(engine, written)
    write_details(written, classifier, {**facts, "formats": formats})
    return written, problems


def _written(written: Path, classifier: ExportedClassifier, engine: str) -> dict[str, object]:
    """Write what an engine loads; what the bundle's details say of it. The SavedModel is there already."""
    form = find_format(ENGINES[engine])
    if form.name == SAVED_MODEL:
        return {}
    place = format_folder(written, form.name)
    place.mkdir()
    return {form.name: {"title": form.title, **form.write(place, classifier)}}


def megabytes(written: Path, engine: str) -> float:
    """The size of what an engine loads, in 1,000,000 bytes.

    Args:
        written: The folder of the version, as `write_measured_bundle` gives it.
        engine: Its name; the SavedModel's folder holds the others.
    """
    name = ENGINES[engine]
    folder = format_folder(written, name)
    others = set(ENGINES.values()) if name == SAVED_MODEL else set()
    files = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0] not in others)
    return sum(path.stat().st_size for path in files) / 1e6
