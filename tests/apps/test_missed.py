"""The page Results for a run whose images may have several classes."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from judged_project import judge

from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.metrics import evaluate_table
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.files import write_json
from imgcls.run_folder import RunFolder


@pytest.fixture(scope="module")
def judged_folder(small_run, tmp_path_factory):
    return judge(small_run, tmp_path_factory.mktemp("judged") / "first").path


@pytest.fixture
def judged(here, judged_folder):
    """A project with a judged run."""
    from projects.judged_run import judged_run
    from projects.project import create_project
    from projects.versions import add_version

    made = create_project("Judged")
    shutil.copytree(judged_folder, made.runs / "first")
    add_version(made, Manifest.load(RunFolder(made.runs / "first").manifest_file), "150 images added", 0)
    return judged_run(made, "first")


@pytest.fixture
def of_several(judged):
    """The same run, its answers read as those of images with several classes: each third one lacks its label."""
    from projects.judged_run import judged_run

    file = judged.folder.predictions_file("test")
    table = PredictionTable.load(file)
    rows = table.rows.assign(labels=[[] if place % 3 == 0 else [label] for place, label in enumerate(table.labels)])
    rows["labels"] = [[table.class_names[place] for place in labels] for labels in rows["labels"]]
    several = replace(table, rows=rows, facts={**table.facts, "multi_label": True})
    several.save(file)
    write_json(judged.folder.evaluation_file, evaluate_table(several).to_dict())
    return judged_run(judged.project, "first")


@pytest.mark.thorough
def test_each_class_has_what_is_missed_and_what_is_seen_but_not_there(page, of_several):
    targets, given = of_several.table.targets, of_several.table.probabilities >= 0.5
    view = page("results", project="judged", run="first")
    assert not view.errors
    assert "It gets all labels right for" in view.widgets.subheader[0].value
    name = of_several.table.class_names[int(np.argmax((given & ~targets).sum(axis=0)))]
    place = list(of_several.table.class_names).index(name)
    view = page("results", project="judged", run="first", cell=f",{name}")
    wrong = int((given & ~targets)[:, place].sum())
    assert wrong > 1
    assert f"{wrong} images without {name} where it sees it" in view.text.replace("\\", "")
    shown = next(table.value for table in view.widgets.dataframe if "missed" in table.value).set_index("class")
    assert shown.loc[name].tolist() == [
        int((targets & given)[:, place].sum()), int((targets & ~given)[:, place].sum()), wrong,
    ]  # fmt: skip


def test_each_class_has_its_average_precision_and_what_a_threshold_does_to_it(page, of_several):
    view = page("results", project="judged", run="first", show="parts")
    shown = next(table.value for table in view.widgets.dataframe if "average precision" in table.value)
    assert shown["average precision"].tolist() == [each.average_precision for each in of_several.evaluation.classes]
    view = page("results", project="judged", run="first", show="sure")
    view.widgets.slider[0].set_value(90)
    view.look()
    shown = next(table.value for table in view.widgets.dataframe if "right when answered" in table.value)
    assert shown["answered"].tolist() == (of_several.table.probabilities >= 0.9).sum(axis=0).tolist()


def test_the_weakest_class_leads_to_the_images_in_which_it_is_missed(page, of_several):
    weakest = of_several.weakest[0].name
    missed = len(of_several.cell(weakest, ""))
    assert missed
    view = page("results", project="judged", run="first", show="sure").press(f"{missed} missed")
    assert f"of {weakest} that it misses" in view.text.replace("\\", "")
