"""What a run computes in, on processors that differ."""

import os
import subprocess
import sys

import pytest
import tensorflow as tf

from imgcls.config import TrainConfig, TrainingConfig
from imgcls.models import layout_choice
from imgcls.training.checks import check_options
from imgcls.training.devices import precision
from imgcls.training.devices.precision import choose_precision


@pytest.mark.parametrize(
    ("units", "onednn", "convolves", "expected"),
    [
        (["avx2"], "1", True, ("float32", "the processor has no bfloat16")),
        (["avx2", "avx512_bf16"], "1", True, ("bfloat16", "the processor has avx512_bf16")),
        (
            {"amx_bf16"},
            "0",
            True,
            ("float32", "the processor has amx_bf16, but oneDNN, which uses it, is switched off"),
        ),
        (["amx_bf16"], "1", False, ("float32", "the processor has amx_bf16, but oneDNN is kept from using it")),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_multiplies_in_it(monkeypatch, units, onednn, convolves, expected):
    monkeypatch.setattr(precision, "vector_units", lambda: units)
    monkeypatch.setattr(precision, "convolves", lambda *_: convolves)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", onednn)
    assert choose_precision("auto") == expected


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ([(9, 0)], "bfloat16"),
        ([(8, 0), (8, 6)], "bfloat16"),
        ([(7, 0)], "float16"),  # V100
        ([(9, 0), (7, 5)], "float16"),  # T4
        ([(6, 1)], "float32"),
        ([None], "float32"),
    ],
)
def test_auto_takes_what_all_gpus_compute_fast_in(monkeypatch, capabilities, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(range(len(capabilities))))
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: {"compute_capability": capabilities[gpu]}
    )
    assert choose_precision("auto")[0] == expected


def test_a_precision_that_the_processor_cannot_is_refused_before_any_image_is_read(monkeypatch):
    monkeypatch.setattr(layout_choice, "convolves", lambda dtype, data_format="channels_last": dtype == "float32")
    check_options(TrainConfig(training=TrainingConfig(precision="float32")))
    with pytest.raises(ValueError, match="cannot convolve in bfloat16; choose --precision float32"):
        check_options(TrainConfig(training=TrainingConfig(precision="bfloat16")))


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("TF_ENABLE_ONEDNN_OPTS", None, "1"),
        ("TF_ENABLE_ONEDNN_OPTS", "0", "0"),
        ("TF_FORCE_GPU_ALLOW_GROWTH", None, "true"),  # a card gives memory as it is needed
        ("TF_FORCE_GPU_ALLOW_GROWTH", "false", "false"),
    ],
)
def test_what_tensorflow_reads_when_it_is_imported_is_set_before_unless_somebody_has(name, given, expected):
    environment = {each: value for each, value in os.environ.items() if each != name}
    environment |= {} if given is None else {name: given}
    script = f"import imgcls, os, sys; print(os.environ[{name!r}], 'tensorflow' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert answer == f"{expected} False\n"
