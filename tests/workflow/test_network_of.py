"""The network of a run, of a bundle and of a name; a bundle's gives the bundle's answers without the run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.export import ExportArchive

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.explain.network import Network
from imgcls.models import InputLayers, build_model
from imgcls.models.classifier import class_names, embedding_model, in_channels_last, load_model, logits_model
from imgcls.serving.details import write_class_names, write_details
from imgcls.serving.export_format import ExportedClassifier
from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.network_file import NETWORK, write_network
from imgcls.serving.signatures import OUTPUTS, make_signatures
from imgcls.workflow.network_of import model_of_bundle, network_of, network_or_problem
from tests.conftest import ROOT
from tests.models.test_own_file import OWN_LAYER

pytestmark = pytest.mark.thorough
NETWORKS = {  # name of the bundle -> architecture, options, dtype policy
    "resnet20": ("resnet20", {}, "float32"),
    "lite0": ("efficientnet_lite0", {}, "float32"),
    "first": ("highway19", {"data_format": "channels_first"}, "float32"),
    "halves": ("resnet20", {"activation": "rrelu"}, "mixed_bfloat16"),
}
PIXELS = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)

ASK = """
import sys, numpy as np
from imgcls.workflow.network_of import model_of_bundle
from pathlib import Path

pixels = np.load(sys.argv[1])
np.savez(sys.argv[2], **{name: model_of_bundle(Path(sys.argv[3]) / name / "1")(pixels, training=False)
         for name in sys.argv[4:]})
"""


def write(folder: Path, model: keras.Model) -> Path:
    """A version of a bundle with one of its signatures, which takes less time than all."""
    model = in_channels_last(model)
    size, preprocessing = model.input_shape[1:], Preprocessing(32, 32, 3)
    assert size == (32, 32, 3)
    classifier = ExportedClassifier(
        model, embedding_model(model), class_names(model), preprocessing, logits_model(model),
        network=network_or_problem(model),
    )  # fmt: skip
    archive = ExportArchive()
    function, specs = make_signatures(classifier)[OUTPUTS]
    archive.add_endpoint(OUTPUTS, function, input_signature=specs)
    archive.write_out(folder / "1", verbose=False)
    write_class_names(folder / "1", classifier)
    write_network(folder / "1", classifier)
    write_details(folder / "1", classifier, {})
    return folder


def made(architecture: str, **options: object) -> keras.Model:
    layers = InputLayers((127.0,), (60.0,), Preprocessing(32, 32, 3).to_dict())
    model = build_model(architecture, (32, 32, 3), ["cat", "dog", "frog"], input_layers=layers, **options)
    random = np.random.default_rng(1)
    model.set_weights([each + random.uniform(0, 0.02, each.shape).astype(each.dtype) for each in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, request) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    for name, (architecture, options, policy) in NETWORKS.items():
        if policy != "float32":
            request.getfixturevalue("bfloat16")
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            write(folder / name, made(architecture, **options))
        finally:
            keras.config.set_dtype_policy(before)
    return folder


@pytest.mark.slow
def test_a_bundle_gives_its_network_back_in_a_process_that_knows_no_run(bundles, tmp_path):
    np.save(tmp_path / "pixels.npy", PIXELS)
    arguments = [tmp_path / "pixels.npy", tmp_path / "found.npz", bundles, *NETWORKS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", ASK, *map(str, arguments)], env=environment, check=True, cwd=tmp_path)
    with np.load(tmp_path / "found.npz") as found:
        for name in NETWORKS:
            expected = LoadedModel(bundles / name / "1").run(OUTPUTS, {"pixels": PIXELS})["probabilities"]
            assert np.ptp(expected, axis=1).min() > 1e-3, name
            np.testing.assert_allclose(found[name], expected, atol=1e-5, err_msg=name)


def test_no_weight_is_stored_twice(bundles):
    version = bundles / "resnet20" / "1"
    assert (version / NETWORK).stat().st_size < 100_000
    content = json.loads((version / NETWORK).read_text("utf-8"))
    assert len(content["weights"]) == len(made("resnet20").weights)
    assert None not in content["weights"]


def test_the_network_of_each_kind_of_source(bundles, small_run, tmp_path):
    network = network_of(bundles / "lite0")
    assert isinstance(network, Network)
    assert network.class_names == ["cat", "dog", "frog"]
    assert network_of(str(bundles / "lite0" / "1")).layer("").name == network.layer("").name
    assert network_of(small_run.path).class_names == class_names(load_model(small_run.model_file))
    with pytest.raises(ValueError, match=r"Unknown architecture .*resnet-2000"):
        network_of("resnet-2000")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="is no run folder"):
        network_of(tmp_path / "empty")


def test_an_older_bundle_is_to_be_exported_again(bundles, tmp_path):
    shutil.copytree(bundles / "resnet20", tmp_path / "old")
    (tmp_path / "old" / "1" / NETWORK).unlink()
    with pytest.raises(ValueError, match=r"was exported without assets/network\.json.* Export its run again"):
        network_of(tmp_path / "old")


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"config": {}, "weights": ["nowhere"]}', '{"config":'])
def test_a_damaged_one_is_one_sentence(bundles, tmp_path, text):
    shutil.copytree(bundles / "resnet20", tmp_path / "damaged")
    (tmp_path / "damaged" / "1" / NETWORK).write_text(text)
    with pytest.raises(ValueError, match=r"network\.json cannot be read .* Export the run again"):
        network_of(tmp_path / "damaged")


def test_a_stranger_s_layer_is_refused(bundles, tmp_path):
    shutil.copytree(bundles / "resnet20", tmp_path / "stranger")
    path = tmp_path / "stranger" / "1" / NETWORK
    content = json.loads(path.read_text("utf-8"))
    content["config"]["config"]["layers"][1].update({"class_name": "Lambda", "module": "keras.layers"})
    content["config"]["config"]["layers"][1]["registered_name"] = None
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="is not made, because it has 'Lambda', which is not of Keras or imgcls, or"):
        model_of_bundle(tmp_path / "stranger" / "1")


def test_a_network_with_a_layer_of_one_s_own_says_so(tmp_path):
    (tmp_path / "own_layer.py").write_text(OWN_LAYER)
    write(tmp_path / "own", made(str(tmp_path / "own_layer.py")))
    with pytest.raises(ValueError, match=r"gives no gradients, because it has 'Halved', .* Explain the run"):
        network_of(tmp_path / "own")
