"""A project with a run that was judged: some of its test images have a wrong label, which the run contradicts."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.run_folder import RunFolder

WRONG, SEEN = "sneaker", "bag"  # the label of these images, and what they show
MISLABELLED, MOST_MISLABELLED = 2, 5  # which of them a run names rightly depends on how the processor rounds


def mislabelled(manifest: Manifest, run: RunFolder) -> Manifest:
    """The manifest with some test images of one class, which the run names rightly, labelled as the other."""
    judged = PredictionTable.load(run.predictions_file("test"))
    names = np.array(judged.class_names)
    right = (names[judged.labels] == SEEN) & (names[judged.predicted] == SEEN)
    chosen = judged.rows["image"][right][:MOST_MISLABELLED]
    assert len(chosen) >= MISLABELLED
    table = manifest.table.copy()
    for row in table.index[table["image"].isin(chosen)]:
        table.at[row, "label"], table.at[row, "labels"] = WRONG, [WRONG]
    return replace(manifest, table=table)


def judge(run: RunFolder, folder: Path) -> RunFolder:
    """A copy of a trained run in a folder, judged with the wrong labels."""
    from imgcls.workflow.evaluate import evaluate_run

    shutil.copytree(run.path, folder)
    copy = RunFolder(folder)
    evaluate_run(copy)
    mislabelled(Manifest.load(copy.manifest_file), copy).save(copy.manifest_file)
    evaluation = evaluate_run(copy)
    copy.write_status("finished", accuracy=evaluation.accuracy)
    return copy
