"""Networks of today as bundles: each format in float32 and int8, for the TensorFlow of TensorFlow Serving 2.20."""

import numpy as np
import pytest

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import read_images
from imgcls.models import load_model
from imgcls.serving.bundle import list_held, load_bundle
from imgcls.workflow.export import export_run
from tests.conftest import SAMPLE
from tests.models.conftest import give_random_weights
from tests.test_export import ended_run

NETWORKS = [
    "convnext_atto", "convnextv2_atto", "efficientnet_v2_b0", "mobilenet_v4_conv_small", "nasnet_mobile", "repvgg_a0",
    "shufflenet_v2_050", "vit_tiny_patch16",
]  # fmt: skip
OTHERS = ["onnx", "litert", "openvino"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_bundle_answers_alike_in_every_format(name, tmp_path):
    """The images are of 32 pixels, so that the last maps of most networks are one pixel."""
    run = ended_run(tmp_path / "runs", name)
    images = sorted((SAMPLE / "test").glob("*/*.png"))[::40]
    pixels = np.stack([outcome.result for outcome in read_images(images, Preprocessing(32, 32, 1))])
    model = load_model(run.model_file)
    give_random_weights(model, pixels)
    model.save(run.model_file)
    version = export_run(
        run, tmp_path / "bundles", formats=OTHERS, precisions=["int8"], most_accuracy_loss=1.0, for_serving="2.20"
    )
    assert list_held(version) == ["saved_model", *OTHERS, *(f"{each}-int8" for each in OTHERS)]
    bundle = load_bundle(version)
    probabilities, features = bundle.predict(images).probabilities, bundle.embed(images)[0]
    differ = np.ptp(features, axis=0).max()  # as much as any feature does between two of the images
    most = min(1e-4 * np.abs(features).max(), 0.1 * differ)
    for each in OTHERS:
        np.testing.assert_allclose(load_bundle(version, each).embed(images)[0], features, atol=most)
        quantized = load_bundle(version, each, "int8").predict(images).probabilities
        np.testing.assert_allclose(quantized.sum(axis=1), 1, atol=0.03)  # LiteRT's steps are 1/256
        assert np.abs(quantized - probabilities).mean() < 0.05
