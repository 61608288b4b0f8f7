import pytest

from imgcls.models import find_architecture


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "plain.h5",
            r"is a file in HDF5: save a whole model as .keras, .*load_model\('plain.h5'\).save\('plain.keras'",
        ),
        ("plain.h5", r"weights alone with their network, --model my_net.keras --weights plain.h5\.$"),
        ("resnet18.pth", r"is a file of weights: name their network too, --model NAME --weights resnet18.pth;"),
        ("resnet18.safetensors", r"is a file of weights"),
        ("plain.onnx", r"plain.onnx is a file that imgcls does not take as a network: expected a .keras file"),
    ],
)
def test_a_file_is_not_taken_for_a_misspelt_name(name, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match=said):
        find_architecture(name)
