import numpy as np
import pytest

from imgcls.explain.network import Network
from imgcls.explain.units.strongest import Strongest, strongest_positions
from imgcls.models import build_model
from tests.explain.units.samples import in_batches, sample_images


@pytest.fixture(scope="module")
def network():
    return Network(build_model("resnet20", (28, 28, 1), num_classes=10))


@pytest.fixture(scope="module")
def sample():
    return sample_images(60)


def test_a_stream_gives_what_all_maps_at_once_give(network, sample):
    pixels, names = sample
    layers = ["stem", "stage3_block3"]
    found = strongest_positions(network, in_batches(pixels, names, 7), layers, count=5)
    maps = network.run(pixels, keep=layers).maps
    for layer in layers:
        each = maps[layer].numpy().reshape(len(pixels), -1, network.layer(layer).units)
        maxima = each.max(1)
        best = np.argsort(-maxima, axis=0, kind="stable")[:5].T
        assert np.allclose(found[layer].responses, np.take_along_axis(maxima.T, best, 1), rtol=1e-4, atol=1e-6)
        assert np.allclose(found[layer].mean, maxima.mean(0), rtol=1e-4)
        assert np.allclose(found[layer].deviation, maxima.std(0), rtol=1e-3, atol=1e-5)
        for unit, (images, positions) in enumerate(zip(found[layer].images, found[layer].positions, strict=True)):
            at = each[images, positions, unit]
            assert np.allclose(at, found[layer].responses[unit], rtol=1e-4, atol=1e-6)
            assert len(set(images)) == 5


def test_the_order_of_images_and_batches_does_not_matter():
    random = np.random.default_rng(0)
    responses = random.integers(0, 4, (50, 6)).astype(np.float32)  # with many that are equal
    positions = random.integers(0, 100, (50, 6)).astype(np.int32)
    found = []
    for order, size in ((np.arange(50), 50), (random.permutation(50), 7), (random.permutation(50), 1)):
        strongest = Strongest(units=6, count=9)
        for start in range(0, 50, size):
            part = order[start : start + size]
            strongest.add(responses[part], positions[part], [f"image {each}" for each in part])
        found.append((strongest.responses, order[strongest.images], strongest.positions))
    for other in found[1:]:
        for mine, theirs in zip(found[0], other, strict=True):
            assert (mine == theirs).all()


def test_fewer_images_than_positions_leave_the_rest_empty():
    strongest = Strongest(units=1, count=4)
    strongest.add(np.float32([[2], [1]]), np.int32([[0], [3]]), ["a", "b"])
    assert strongest.images.tolist() == [[0, 1, -1, -1]]
    assert np.isneginf(strongest.responses[0, 2:]).all()


def test_its_size_does_not_grow_with_the_images():
    strongest = Strongest(units=3, count=4)
    for _ in range(5):
        strongest.add(np.ones((100, 3), np.float32), np.zeros((100, 3), np.int32), ["same"] * 100)
    assert strongest.responses.shape == strongest.images.shape == strongest.positions.shape == (3, 4)


def test_no_image_is_said(network):
    with pytest.raises(ValueError, match="no image among which"):
        strongest_positions(network, [], ["stem"], count=3)


def test_progress_counts_images(network, sample):
    done = []
    strongest_positions(network, in_batches(*sample, 25), ["stem"], 1, lambda images, total=None: done.append(images))
    assert done == [25, 50, 60]
