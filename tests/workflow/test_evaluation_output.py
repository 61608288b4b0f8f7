"""What the report says of the training."""

from imgcls.config import TrainConfig
from imgcls.files import write_json
from imgcls.run_folder import RunFolder
from imgcls.workflow.evaluation_output import training_facts

ROW = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}


def test_the_report_has_the_share_of_the_time_in_which_the_training_waited_for_images(tmp_path):
    run = RunFolder.create(TrainConfig(runs=str(tmp_path)))
    assert training_facts(run) == training_facts(None) == {}
    run.append_metrics({"epoch": 0, "seconds": 100.0, **ROW})  # a fitted head, which waits for nothing
    run.append_metrics({"epoch": 1, "seconds": 30.0, "waiting_for_data": 0.10, **ROW})
    run.append_metrics({"epoch": 2, "seconds": 10.0, "waiting_for_data": 0.02, **ROW})
    assert training_facts(run) == {"waited for images": "8.0 % of the epochs' time"}


def test_the_report_has_what_was_measured_of_xla(tmp_path):
    run = RunFolder.create(TrainConfig(runs=str(tmp_path)))
    write_json(run.xla_file, {"xla": "on", "with_ms": 10.0, "without_ms": 20.0, "why": "a step takes half."})
    assert training_facts(run) == {"XLA": "on: a step takes half."}
    run.xla_file.write_text("damaged")
    assert training_facts(run) == {}
