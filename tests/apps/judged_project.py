"""A project with a run that was judged: some of its test images have a wrong label, which the run contradicts."""

import shutil
from dataclasses import replace
from pathlib import Path

from imgcls.data.manifest.table import Manifest
from imgcls.run_folder import RunFolder

WRONG, SEEN = "sneaker", "bag"  # the label of these images, and what they show
MISLABELLED = 5
CONTRADICTED = 3  # of them at the least: on another processor the run takes some for a third class


def mislabelled(manifest: Manifest) -> Manifest:
    """The manifest with some test images of one class labelled as the other."""
    table = manifest.table.copy()
    for row in table.index[(table["split"] == "test") & (table["label"] == SEEN)][:MISLABELLED]:
        table.at[row, "label"], table.at[row, "labels"] = WRONG, [WRONG]
    return replace(manifest, table=table)


def judge(run: RunFolder, folder: Path) -> RunFolder:
    """A copy of a trained run in a folder, judged with the wrong labels."""
    from imgcls.workflow.evaluate import evaluate_run

    shutil.copytree(run.path, folder)
    copy = RunFolder(folder)
    mislabelled(Manifest.load(copy.manifest_file)).save(copy.manifest_file)
    evaluation = evaluate_run(copy)
    copy.write_status("finished", accuracy=evaluation.accuracy)
    return copy
