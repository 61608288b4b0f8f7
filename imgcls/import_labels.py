"""Turn labelled images into a manifest: one table that every command reads.

Opens every image once and names what cannot be used. The images stay where they are.

Examples:
  python -m imgcls.import_labels datasets/fashion_mini --output manifests/fashion.parquet
  python -m imgcls.train --data manifests/fashion.parquet
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from imgcls import command


@dataclass(frozen=True)
class Options:
    source: Annotated[str, tyro.conf.Positional]  # folder with one folder of images a class, or a card's name
    output: Path = Path("manifest.parquet")  # file to write


def main(options: Options) -> int:
    from imgcls.data.sources import load_manifest

    if options.output.suffix != ".parquet":
        raise ValueError(f"--output is {options.output}; expected a file that ends in .parquet.")
    manifest = load_manifest(options.source)
    command.import_tensorflow()
    from imgcls.data.inspection import inspect
    from imgcls.terminal import next_step, progress, say, table

    with progress("Looking at every image", len(manifest.table)) as on_progress:
        manifest = inspect(manifest, on_progress)
    manifest.save(options.output)
    counts = manifest.counts()
    rows = [
        [str(label), *(f"{count:,}" for count in row)]
        for label, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    table(["class", *counts.columns], rows)
    problems = manifest.problems
    if len(problems):
        say(f"\n{len(problems)} of {len(manifest.table)} files cannot be used:")
        table(["file", "problem"], problems.head(50).to_numpy().tolist(), text_columns=2)
    say(f"\n{len(manifest.usable):,} images of {len(manifest.class_names)} classes written to {options.output}")
    next_step(f"python -m imgcls.train --data {options.output}")
    return command.WITH_PROBLEMS if len(problems) else command.OK


if __name__ == "__main__":
    command.run(main, Options, __doc__)
