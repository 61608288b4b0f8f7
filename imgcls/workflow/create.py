"""The beginning of a run: its images, its splits, its settled options, and its folder."""

import logging
from dataclasses import replace

from imgcls.config import AUTO, TrainConfig, TrainingConfig
from imgcls.counted import counted
from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
from imgcls.data.inspection.inspect import inspect
from imgcls.data.manifest.table import SPLITS, Manifest, a_row_a_label
from imgcls.data.manifest.task import settle_task
from imgcls.data.manifest.trainable import check_trainable
from imgcls.data.patches.manifest import check_boxes, patches_of, sentence
from imgcls.data.sources.load import load_manifest
from imgcls.data.splits.assign import assign_splits, folds, split_hash
from imgcls.data.splits.leaks import find_leaks
from imgcls.files import write_json
from imgcls.machine.nvidia_findings import findings_of_this_machine
from imgcls.models.registry import find_architecture
from imgcls.models.weights.initial import NO_WEIGHTS
from imgcls.models.weights.named import find_weights, named_weights
from imgcls.models.weights.state_dict import check_takes_state_dicts
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.training.auto_settings import resolve
from imgcls.training.checks import check_layers, check_options
from imgcls.training.devices.batch_size import is_measured, measured_batch_size
from imgcls.training.devices.determinism import choose_determinism
from imgcls.training.devices.precision import choose_precision
from imgcls.training.learning_rate_rule import sentence as sentence_of_rate
from imgcls.training.learning_rate_rule import settle_learning_rate
from imgcls.training.network import build_network, no_statistics, run_preprocessing
from imgcls.training.transfer.head import why_not_fitted
from imgcls.training.transfer.plan import ON_FEATURES, Choice
from imgcls.workflow.default_network import with_default_network
from imgcls.workflow.plan_choice import choose_plan
from imgcls.workflow.transcoded import transcoded_sentence

log = logging.getLogger(__name__)


def create_run(config: TrainConfig, progress: Progress | None = None) -> tuple[RunFolder, Manifest]:
    """Read and check the images, divide them, settle every "auto", and make the run folder.

    Args:
        config: What the run is to do; see `imgcls.config.TrainConfig`.
        progress: Receives how many images are read.

    Returns:
        The run's folder and its manifest, in which every image has a split. The config has no "auto" left but those of
        `--xla`, which the training measures and writes down, and of `--steps-per-call`, which changes no weight.

    Raises:
        ValueError: If an option or the data cannot be used, in one sentence, before anything is written.
        FileNotFoundError: If `config.input.data` names nothing.
        FileExistsError: If there is a run of that name.
    """
    progress = progress or Progress()
    _warn_of_cards()
    _fetch_weights(config, progress)
    check_options(config)
    if config.input.folds and not config.input.fold:
        raise ValueError(f"A run has one of the {config.input.folds} folds; name it with --fold.")
    RunFolder.check_free(config)
    manifest = _inspected(config, progress)
    config = _with_task(config, manifest)
    manifest = _divided(manifest, config)
    if config.network.plan == "patches":
        manifest = _as_patches(manifest, config)
    asked = config.training
    config = resolve(with_default_network(config, manifest, progress), manifest)
    check_layers(config)
    config, choice = _with_plan(config, manifest, progress)
    config = _with_determinism(_with_precision(config))
    config = _with_batch_size_and_rate(config, asked, manifest, progress)
    if choice is None:  # else the choice of the plan has built it
        _check_weights_fit(config, manifest)
    run = RunFolder.create(config)
    with run.being_prepared():
        run.write_status("preparing")
        if choice is not None:
            write_json(run.plan_file, choice.to_dict())
        manifest.save(run.manifest_file)
    log.info("Run folder: %s\n", run.path)
    return run, manifest


def _warn_of_cards() -> None:
    """Say before anything else if there is a card that the training would not use."""
    for finding in findings_of_this_machine():
        log.warning("%s", finding.sentences)


def _fetch_weights(config: TrainConfig, progress: Progress) -> None:
    """Bring named weights to this machine, before images are opened."""
    weights, network = named_weights(config.network.weights), config.network
    if weights and network.model != "auto":
        architecture = find_architecture(network.model)
        check_takes_state_dicts(architecture, str(weights))
        find_weights(weights, architecture.name, progress.of(f"Downloading {weights}, in bytes"))


def _inspected(config: TrainConfig, progress: Progress) -> Manifest:
    """The manifest of the config's data, every image of it opened once."""
    manifest = load_manifest(config.input.data, "multi_label" if config.is_multi_label else "single")
    if config.network.plan == "patches":
        check_boxes(manifest)
    if config.input.overlay:
        manifest, unfit = manifest.with_overlay(config.input.overlay)
        for line, reason in unfit.loc[unfit["line"] != "", ["line", "reason"]].itertuples(index=False, name=None):
            log.warning("%s, line %s: %s", config.input.overlay, line, reason)
    manifest = inspect(manifest, progress.of("Reading every image", len(manifest.table)))
    check_trainable(manifest, divided=False, task=config.input.task, fewest_classes=_fewest_classes(config))
    return manifest


def _with_task(config: TrainConfig, manifest: Manifest) -> TrainConfig:
    """Settle whether an image has one class or any number of them."""
    task, why = settle_task(config.input.task, manifest)
    if why:
        log.info("%s", why)
    return replace(config, input=replace(config.input, task=task))


def _divided(manifest: Manifest, config: TrainConfig) -> Manifest:
    """The manifest with a split for every image, and what the user should know of them in the log."""
    inputs, seed, copies = config.input, config.training.seed, near_duplicate_groups(manifest)
    manifest = assign_splits(manifest, inputs.validation_size, inputs.test_size, seed, copies)
    if inputs.folds:
        manifest = folds(manifest, inputs.folds, seed, copies)[inputs.fold - 1]
    check_trainable(manifest, task=config.input.task, fewest_classes=_fewest_classes(config))
    if config.is_multi_label:
        _warn_of_constant_classes(manifest)
    for leak in find_leaks(manifest, copies):
        log.warning("%s The figures will be better than the classifier is.", leak)
    for file, reason in manifest.problems.itertuples(index=False, name=None):
        log.warning("%s is left out: %s.", manifest.root / file, reason)
    if manifest.waiting:
        log.info("Left out, for want of a label: %s.", counted(manifest.waiting, "image"))
    if sentence := transcoded_sentence(manifest.transcoded):
        log.info("\n%s", sentence)
    training, validation, test = (f"{len(manifest.split(split)):,}" for split in SPLITS)
    log.info(
        "%s; %s images for training, %s for validation, %s for the test. Splits: %s",
        counted(len(manifest.class_names), "class"),
        training,
        validation,
        test,
        split_hash(manifest)[:12],
    )
    return manifest


def _fewest_classes(config: TrainConfig) -> int:
    return 1 if config.network.plan == "patches" else 2


def _as_patches(manifest: Manifest, config: TrainConfig) -> Manifest:
    """The patches of the images, in the splits of these."""
    patches = patches_of(manifest, config.patches, config.training.seed)
    check_trainable(patches)
    log.info("--plan patches: %s.", sentence(patches))
    return patches


def _warn_of_constant_classes(manifest: Manifest) -> None:
    training = manifest.split("train")
    counts = a_row_a_label(training).value_counts()
    for name in sorted(counts.index[counts == len(training)]):
        log.warning("Every training image has the class %r, so nothing can be learned of it.", name)


def _with_plan(config: TrainConfig, manifest: Manifest, progress: Progress) -> tuple[TrainConfig, Choice | None]:
    """Settle what is trained of given weights, from what their features can do with these images."""
    if config.network.plan != "auto":
        return config, None
    choice = choose_plan(config, manifest, progress)
    log.info("--plan %s: %s.", choice.plan, "; ".join(choice.reasons))
    return replace(config, network=replace(config.network, plan=choice.plan)), choice


def _check_weights_fit(config: TrainConfig, manifest: Manifest) -> None:
    """Build the network once where it starts from given weights, so that those that do not fit leave no run behind."""
    if config.network.weights != NO_WEIGHTS or config.network.init_from is not None:
        build_network(config, manifest.class_names, no_statistics(run_preprocessing(config)))


def _with_precision(config: TrainConfig) -> TrainConfig:
    """Settle the precision; a head on features is fitted in float32 whatever the device can do."""
    precision, why = choose_precision(config.training.precision)
    if config.network.plan in ON_FEATURES:
        precision, why = "float32", ""
    if why:
        log.info("--precision %s: %s.", precision, why)
    return replace(config, training=replace(config.training, precision=precision))


def _with_batch_size_and_rate(
    config: TrainConfig, asked: TrainingConfig, manifest: Manifest, progress: Progress
) -> TrainConfig:
    """Settle the batch size by what a GPU does, where it was left open, and the learning rate that belongs to it."""
    images = len(manifest.split("train"))
    if is_measured(replace(config, training=replace(config.training, batch_size=asked.batch_size))):
        config = measured_batch_size(config, manifest, progress.of("Trying batch sizes"))
    if asked.learning_rate != AUTO:
        return config
    training = settle_learning_rate(replace(config.training, learning_rate=AUTO), images)
    if not asked.find_learning_rate and not _is_fitted(config):
        log.info("%s", sentence_of_rate(training, images))
    return replace(config, training=training)


def _is_fitted(config: TrainConfig) -> bool:
    """Whether the run fits a head to its optimum and trains nothing in epochs."""
    return config.network.plan in ON_FEATURES and not why_not_fitted(config)


def _with_determinism(config: TrainConfig) -> TrainConfig:
    """Settle whether the run repeats to the bit; the run keeps it on whatever device it goes on."""
    deterministic, why = choose_determinism(config.training.deterministic)
    if why:
        log.info("--%sdeterministic: %s.", "" if deterministic else "no-", why)
    return replace(config, training=replace(config.training, deterministic=deterministic))
