"""What the command says of what it has written."""

from imgcls.cli.run_export import show_low_precision


def test_the_allowed_loss_is_said_as_it_was_given(capsys):
    figures = {"test_images": 500, "float32": 0.9, "int8": 0.9, "loss": 0.0, "interval": [-0.01, 0.01]}
    show_low_precision(
        {
            "title": "ONNX in int8",
            "precision": "int8",
            "accuracy": {**figures, "other_decisions": 17, "allowed": 0.0001},
            "images_per_second": {"1": {"float32": 100.0, "int8": 200.0}},
            "megabytes": {"float32": 4.0, "int8": 1.0},
        }
    )
    said = capsys.readouterr().out
    assert "a loss of 0.000 (95 % interval -0.010 to 0.010; allowed 0.0001)" in said
    assert "decides otherwise than float32 for 17 of 500" in said
