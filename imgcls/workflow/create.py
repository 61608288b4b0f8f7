"""The beginning of a run: its images, its splits, its settled options, and its folder."""

from dataclasses import replace

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest


def create_run(config: TrainConfig) -> tuple["RunFolder", "Manifest"]:
    """Read and check the images, divide them, settle every "auto", and make the run folder.

    Raises ValueError or FileNotFoundError, in one sentence, before anything is written.
    """
    from imgcls.cli.terminal import progress, say, say_transcoded, warn
    from imgcls.data.duplicates.near_duplicates import near_duplicate_groups
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.manifest.table import check_trainable
    from imgcls.data.sources.load import load_manifest
    from imgcls.data.splits.assign import assign_splits, folds, split_hash
    from imgcls.data.splits.leaks import find_leaks
    from imgcls.files import write_json
    from imgcls.run_folder import RunFolder
    from imgcls.training.auto_settings import resolve
    from imgcls.training.checks import check_options

    check_options(config)
    if config.input.folds and not config.input.fold:
        raise ValueError(f"A run has one of the {config.input.folds} folds; name it with --fold.")
    RunFolder.check_free(config)
    manifest = load_manifest(config.input.data, warn)
    if config.input.overlay:
        manifest, unfit = manifest.with_overlay(config.input.overlay)
        for line, reason in unfit.loc[unfit["line"] != "", ["line", "reason"]].itertuples(index=False, name=None):
            warn(f"{config.input.overlay}, line {line}: {reason}")
    with progress("Looking at every image", len(manifest.table)) as on_progress:
        manifest = inspect(manifest, on_progress)
    check_trainable(manifest, divided=False)
    inputs, seed, copies = config.input, config.training.seed, near_duplicate_groups(manifest)
    manifest = assign_splits(manifest, inputs.validation_size, inputs.test_size, seed, copies)
    if inputs.folds:
        manifest = folds(manifest, inputs.folds, seed, copies)[inputs.fold - 1]
    check_trainable(manifest)
    for leak in find_leaks(manifest, copies):
        warn(f"{leak} The figures will be better than the classifier is.")
    for file, reason in manifest.problems.itertuples(index=False, name=None):
        warn(f"{manifest.root / file} is left out: {reason}.")
    say_transcoded(manifest.transcoded)
    counts = {split: len(manifest.split(split)) for split in ("train", "validation", "test")}
    say(
        f"{len(manifest.class_names)} classes; {counts['train']:,} images for training, "
        f"{counts['validation']:,} for validation, {counts['test']:,} for the test. Splits: {split_hash(manifest)[:12]}"
    )
    config, choice = _with_plan(resolve(config, manifest), manifest)
    run = RunFolder.create(config)
    with run.being_prepared():
        run.write_status("preparing")
        if choice is not None:
            write_json(run.plan_file, choice.to_dict())
        manifest.save(run.manifest_file)
    say(f"Run folder: {run.path}\n")
    return run, manifest


def _with_plan(config: TrainConfig, manifest: "Manifest") -> tuple[TrainConfig, "Choice | None"]:
    """Settle what is trained of given weights, from what their features can do with these images, and the precision."""
    from imgcls.cli.terminal import progress, say
    from imgcls.training.devices.precision import choose_precision
    from imgcls.training.network import build_network, run_statistics
    from imgcls.training.transfer.plan import ON_FEATURES, choose

    choice = None
    if config.network.plan == "auto":
        float32 = replace(config, training=replace(config.training, precision="float32"))
        statistics = run_statistics(config, manifest)
        network = build_network(float32, manifest.class_names, statistics)
        with progress("Looking at the features of the images", len(manifest.split("train"))) as on_progress:
            choice = choose(config, manifest, network, statistics, on_progress)
        say(f"--plan {choice.plan}: {'; '.join(choice.reasons)}.")
        config = replace(config, network=replace(config.network, plan=choice.plan))
    precision, why = choose_precision(config.training.precision)
    if config.network.plan in ON_FEATURES:
        precision, why = "float32", ""
    if why:
        say(f"--precision {precision}: {why}.")
    return replace(config, training=replace(config.training, precision=precision)), choice
