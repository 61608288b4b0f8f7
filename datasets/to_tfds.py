"""Turn labelled images into a data set of TensorFlow Datasets, prepared on Apache Beam.

What outgrows one machine is prepared on an engine: Beam's own runner works here, and the same program runs on Flink,
Spark or Dataflow, whose workers need imgcls and have to see the images under the same path. Images come upright,
boxes are cut out, and class names, splits and licence come along. It needs: pip install "imgcls[beam]"

Examples:
  python datasets/to_tfds.py manifests/photos.parquet --name photos
  python datasets/to_tfds.py fashion_mini --options direct_num_workers=2 direct_running_mode=multi_processing
  python datasets/to_tfds.py photos.parquet --runner FlinkRunner --options flink_master=host:8081 parallelism=64
"""

import functools
import io
import logging
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from imgcls.cli import command
from imgcls.counted import counted

JPEG = b"\xff\xd8\xff"
WITHOUT_SPLIT = "all"  # the split of images that have none
OUTPUT = "~/tensorflow_datasets"  # where TensorFlow Datasets looks


@dataclass(frozen=True)
class Options:
    source: Annotated[str, tyro.conf.Positional]  # manifest, folder with one folder of images a class, or a card's name
    name: str | None = None  # of the data set; that of the source if not given
    version: str = "1.0.0"  # of the data set; a new one stands beside the old one
    output: str = OUTPUT  # folder for data sets, here or such as gs://bucket/data
    runner: str = "DirectRunner"  # of Beam: DirectRunner is this machine; FlinkRunner, SparkRunner, DataflowRunner, ...
    options: tuple[str, ...] = ()  # of the runner, such as flink_master=host:8081


def main(options: Options) -> int:
    name = options.name or Path(options.source).stem
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return command.complain(f"The name is {name!r}; expected small letters, digits and '_'. Give one with --name.")
    if not re.fullmatch(r"\d+\.\d+\.\d+", options.version):
        return command.complain(f"--version is {options.version!r}; expected three numbers, such as 1.0.0.")
    try:
        import apache_beam  # noqa: F401
    except ImportError:
        return command.complain('Apache Beam is not installed. Install it with: pip install "imgcls[beam]"')
    command.import_tensorflow()
    from imgcls.cli.terminal import next_step, progress_line, say, warn
    from imgcls.data.inspection.inspect import inspect
    from imgcls.data.sources.cards import licence_of
    from imgcls.data.sources.load import load_manifest

    manifest = load_manifest(options.source)
    with progress_line() as progress:
        manifest = inspect(manifest, progress.of("Reading every image", len(manifest.table)))
    for file, reason in manifest.problems.itertuples(index=False, name=None):
        warn(f"{file} is left out: {reason}.")
    output = str(Path(options.output).expanduser()) if "://" not in options.output else options.output
    builder = builder_of(manifest, name, options.version, licence_of(options.source), output)
    if Path(builder.data_dir).exists():
        return command.complain(f"There is a data set {builder.data_dir} already. Give another --version or --name.")
    prepare(builder, options.runner, options.options)
    counts = {split: facts.num_examples for split, facts in builder.info.splits.items()}
    classes = counted(len(manifest.class_names), "class")
    say(f"{counted(sum(counts.values()), 'example')} of {classes} written to {builder.data_dir}:")
    say(", ".join(f"{count:,} for {split}" for split, count in counts.items()))
    missing = len(manifest.table) - sum(counts.values())
    if missing:
        warn(f"{missing} of {len(manifest.table)} images could not be used; the lines above name them.")
    elsewhere = f", data_dir={output!r}" if options.output != OUTPUT else ""
    next_step(f"tensorflow_datasets.load({name!r}{elsewhere})  # in Python")
    return command.WITH_PROBLEMS if missing else command.OK


def builder_of(manifest: Any, name: str, version: str, licence: str, output: str) -> Any:
    """The TFDS builder of a manifest. Its examples have image, label, file_name and group."""
    import tensorflow_datasets as tfds

    class ManifestBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        def _info(self) -> tfds.core.DatasetInfo:
            features = {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=manifest.class_names),
                "file_name": tfds.features.Text(),
                "group": tfds.features.Text(),
            }
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label"),
                description=f"{name}: {counted(len(manifest.usable), 'image')} of "
                f"{counted(len(manifest.class_names), 'class')}.",
                license=licence,
            )  # fmt: skip

        def _split_generators(self, dl_manager) -> dict:
            rows = manifest.usable
            names = rows["split"].replace("", WITHOUT_SPLIT)
            return {split: self._generate_examples(rows[names == split]) for split in names.unique()}

        def _generate_examples(self, rows) -> object:
            import apache_beam as beam

            return f"read {len(rows)} images" >> beam.Create(_tasks(manifest, rows)) | beam.FlatMap(example)

    ManifestBuilder.name = name
    ManifestBuilder.VERSION = tfds.core.Version(version)
    ManifestBuilder.RELEASE_NOTES = {version: "Made of a manifest."}
    return ManifestBuilder(data_dir=output)


def prepare(builder: Any, runner: str, options: tuple[str, ...]) -> None:
    """Run the builder on Beam."""
    import tensorflow_datasets as tfds
    from apache_beam.options.pipeline_options import PipelineOptions

    beam_options = PipelineOptions([f"--{option.removeprefix('--')}" for option in options])
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(beam_runner=runner, beam_options=beam_options)
    )


def _tasks(manifest: Any, rows: Any) -> list[dict]:
    """What a worker has to know of each row: a key of its own, the file, the box, the features."""
    from imgcls.labels.records import BOX

    boxes = rows[BOX].to_numpy().tolist()
    facts = zip(manifest.paths(rows), rows["image"], rows["label"], rows["group"], boxes, strict=True)
    return [
        {"key": place, "path": str(path), "file_name": image, "label": label, "group": group, "box": box}
        for place, (path, image, label, group, box) in enumerate(facts)
    ]


def example(task: dict) -> Iterator[tuple[int, dict]]:
    """The key and the features of one task; nothing, and a line in the worker's log, if its file cannot be read.

    An upright JPEG stays as it is; everything else becomes a PNG, which loses nothing.
    """
    import tensorflow as tf

    try:
        data = tf.io.read_file(task["path"])
        image, orientation = (part.numpy() for part in _decoder()(data))
        as_it_is = data.numpy().startswith(JPEG) and orientation == 1
    except tf.errors.OpError as error:
        logging.getLogger("imgcls").warning("%s is left out: %s", task["path"], error.message)
        return
    if not math.isnan(task["box"][0]):
        left, top, right, bottom = task["box"]
        image = image[max(0, math.floor(top)) : math.ceil(bottom), max(0, math.floor(left)) : math.ceil(right)]
        as_it_is = False
    encoded = io.BytesIO(data.numpy()) if as_it_is else image
    yield task["key"], {"image": encoded, **{name: task[name] for name in ("label", "file_name", "group")}}


@functools.cache
def _decoder() -> Callable:
    """Encoded image to pixels and EXIF orientation; made once in each worker."""
    import tensorflow as tf

    from imgcls.data.images.decoding import decode
    from imgcls.data.images.exif import orientation

    return tf.function(lambda data: (decode(data), orientation(data)), input_signature=[tf.TensorSpec((), tf.string)])


if __name__ == "__main__":
    command.run(main, Options, __doc__)
