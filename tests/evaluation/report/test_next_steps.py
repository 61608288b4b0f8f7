import numpy as np

from imgcls.evaluation.report.next_steps import Trained, report_steps
from tests.evaluation.predicted import predicted

NAMES = ["coat", "shirt", "bag"]
RUN = Trained("runs/clothes", "clothes")


def steps(folder, counts, trained=RUN, sure=0.8):
    """The steps for images by (true class, answer): number."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    probabilities = [np.where(np.arange(3) == answer, sure, (1 - sure) / 2) for _, answer in pairs]
    return report_steps(predicted(folder, [NAMES[label] for label, _ in pairs], probabilities, NAMES), trained)


def epochs(training, validation):
    pairs = enumerate(zip(training, validation, strict=True), 1)
    return [{"epoch": n, "accuracy": accuracy, "val_accuracy": val} for n, (accuracy, val) in pairs]


def test_where_all_is_well_there_is_no_advice(tmp_path):
    flat = Trained("runs/a", epochs=epochs([0.9] * 8, [0.9] * 8), counts={"coat": 50, "shirt": 50, "bag": 50})
    assert steps(tmp_path, {(0, 0): 20, (1, 1): 20, (2, 2): 20}, flat) == []
    assert report_steps(predicted(tmp_path, [], np.zeros((0, 3)), NAMES), RUN) == []


def test_a_judgement_of_few_images_is_to_be_made_on_more(tmp_path):
    (step,) = steps(tmp_path, {(0, 0): 3, (1, 1): 1})
    assert step.why == "4 images can only say that between 51 and 100 of 100 are right."
    assert step.command == "python -m imgcls.evaluate runs/clothes --data FOLDER"


def test_overfitting_and_an_end_that_came_too_early_are_seen_in_the_curves(tmp_path):
    well = {(0, 0): 16, (0, 1): 4, (1, 1): 20}
    (step,) = steps(tmp_path, well, Trained("runs/a b", epochs=epochs([0.9, 0.95, 0.99, 0.99], [0.8, 0.85, 0.8, 0.8])))
    assert "95 of 100 training images" in step.why
    assert step.command == "python -m imgcls.train --config 'runs/a b/config.toml' --name 'a b-2' --augmentation strong"
    assert step.gain == 10.0  # the gap, and no more than is wrong
    (step,) = steps(tmp_path, well, Trained("runs/a", epochs=epochs([0.5, 0.6, 0.7, 0.8], [0.5, 0.6, 0.7, 0.78])))
    assert step.what == "Train longer"
    assert step.command.endswith("--epochs 8")
    assert step.gain == 8.0


def test_classes_that_are_confused_both_ways_come_with_their_numbers(tmp_path):
    first, *_ = steps(tmp_path, {(0, 0): 30, (0, 1): 10, (1, 1): 34, (1, 0): 6, (2, 2): 20})
    assert first.what.startswith("Look at what tells 'coat' from 'shirt'")
    assert first.why == "10 of 40 images of 'coat' are taken for 'shirt', and 6 of 40 the other way."
    assert first.command == "python -m imgcls.review runs/clothes"
    assert first.gain == 16.0
    assert steps(tmp_path, {(0, 0): 30, (0, 1): 10, (1, 1): 40, (2, 2): 20}) == []  # one way alone


def test_a_class_with_few_images_that_is_found_seldom_needs_more(tmp_path):
    trained = Trained("runs/a", "clothes", counts={"coat": 200, "shirt": 200, "bag": 30})
    (step,) = steps(tmp_path, {(0, 0): 40, (1, 1): 40, (2, 2): 10, (2, 0): 10}, trained)
    assert step.what == "Add images of 'bag'"
    assert "30 images of this class" in step.why
    assert step.gain == 8.0  # 20 of 100 images, at 90 of 100 in place of 50


def test_sure_mistakes_sizes_and_unusable_files_have_steps_too(tmp_path):
    trained = Trained("runs/a", "clothes", image_size=64, problems=3)
    found = steps(tmp_path, {(0, 0): 20, (0, 2): 4, (1, 1): 20}, trained, sure=0.97)
    assert [step.what.split()[0] for step in found] == ["Look", "Use", "Mend"]  # the last two bring no certain gain
    assert [step.command.split()[-1] for step in found] == ["runs/a", "32", "clothes"]
    assert found[-1].why == "3 files could not be used; the end of the report names them."  # in the terminal too


def test_images_without_a_label_are_to_be_labelled(tmp_path):
    (step,) = steps(tmp_path, {(0, 0): 20, (1, 1): 20}, Trained("runs/a", waiting=40))
    assert (step.what, step.command) == ("Label the images that wait for a label", "")
    assert step.why == "40 images had no label when this was trained."


def test_images_that_the_steps_waited_for_are_to_be_read_in_less_time(tmp_path):
    well = {(0, 0): 20, (1, 1): 20}
    rows = [{"epoch": epoch, "waiting_for_data": share, "seconds": 60.0} for epoch, share in ((1, 0.9), (2, 0.34))]
    (step,) = steps(tmp_path, well, Trained("runs/a", "photos", epochs=rows))
    assert step.why == "In the last epoch the steps waited 34 % of the time for images."
    assert step.command == "python -m imgcls.prepare photos"
    rows[1]["waiting_for_data"] = 0.1
    assert steps(tmp_path, well, Trained("runs/a", "photos", epochs=rows)) == []
    short = [{**row, "waiting_for_data": 0.9, "seconds": 1.0} for row in rows]
    assert steps(tmp_path, well, Trained("runs/a", "photos", epochs=short)) == []
