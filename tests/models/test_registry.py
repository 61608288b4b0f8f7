import pytest

from imgcls.models import find_architecture, registry


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resnet2O", "resnet20"),
        ("mobilenetv3", "mobilenet_v3_large"),
        ("convnext_v2_tny", "convnextv2_tiny"),
        ("repvgg", "repvgg_a0"),
        ("efficientnet_b", "efficientnet_b0"),
        ("regnetx_002", "regnet_x_200mf"),
        ("tf_efficientnetv2_s", "efficientnet_v2_s"),
        ("deit_tiny", "vit_tiny_patch16"),
        ("nasnetmobile", "nasnet_mobile"),
        ("dinov2", "vit_base_patch14_dinov2"),
    ],
)
def test_a_name_of_another_project_or_a_part_of_one_gets_the_name_here(typed, meant, monkeypatch):
    published = {name: known for name, known in registry.registered().items() if known.parameters}
    monkeypatch.setattr(registry, "_ARCHITECTURES", published)  # without the small networks of other tests
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        find_architecture(typed)
