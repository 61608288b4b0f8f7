"""The job that chooses which images without a label are worth one first."""

import pandas as pd
import pytest


@pytest.mark.slow  # it trains the small run, unless another test has done so
def test_the_queue_holds_what_waits_with_suggestions(project, small_run):
    from jobs.programs.worth_labelling import main
    from projects.queues import load_queue
    from projects.versions import NO_LABEL, add_version, whole_manifest_of

    from imgcls.data.manifest.table import Manifest

    manifest = whole_manifest_of(project)
    table = manifest.table.copy()
    rows = [3, 12, 21, 22]
    table.loc[rows, "label"], table.loc[rows, "problems"] = "", NO_LABEL
    table["labels"] = pd.Series([[label] if label else [] for label in table["label"]], table.index)
    add_version(project, Manifest(table, manifest.root), "four labels taken away", 1)
    queue = load_queue(project, main(project, small_run.path))
    assert set(queue.rows) == set(rows)
    assert set(queue.suggestions.values()) <= {"bag", "sneaker", "trouser"}
    assert all(0.33 < share <= 1 for share in queue.probabilities.values())


def test_without_such_images_it_says_so(project, tmp_path):
    from jobs.programs.worth_labelling import main

    with pytest.raises(ValueError, match="No image waits"):
        main(project, tmp_path)
