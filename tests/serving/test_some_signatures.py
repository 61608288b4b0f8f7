import numpy as np
import pytest

from imgcls.serving.loaded_model import LoadedModel
from imgcls.serving.some_signatures import with_some_signatures


@pytest.mark.thorough
def test_some_signatures_give_what_all_of_them_give(bundle_path, images):
    whole, some = LoadedModel(bundle_path), LoadedModel(bundle_path, ["preprocess", "outputs"])
    assert some.signature_defs.keys() == whole.signature_defs.keys()
    sent = {"image_bytes": np.array([path.read_bytes() for path in images[:3]], object)}
    pixels = whole.run("preprocess", sent)["pixels"]
    np.testing.assert_array_equal(some.run("preprocess", sent)["pixels"], pixels)
    for name, values in whole.run("outputs", {"pixels": pixels}).items():
        np.testing.assert_array_equal(some.run("outputs", {"pixels": pixels})[name], values)
    later = some.run("serving_default", sent)  # loaded now
    assert later["classes"].tolist() == whole.run("serving_default", sent)["classes"].tolist()
    with pytest.raises(KeyError):
        some.run("other", sent)


def test_the_folder_is_smaller_and_goes(bundle_path):
    with with_some_signatures(bundle_path, ["outputs"]) as folder:
        sizes = [(each / "saved_model.pb").stat().st_size for each in (folder, bundle_path)]
        assert (folder / "variables" / "variables.index").is_file()
    assert sizes[0] < 0.5 * sizes[1]
    assert not folder.exists()
    assert (bundle_path / "variables" / "variables.index").is_file()
