import keras
import numpy as np
import pytest
import skimage
import tensorflow as tf
from sklearn.decomposition import PCA

from imgcls.layers import PCAWhitening
from imgcls.layers.running_covariance import RunningCovariance


def photos(count: int, size: int) -> np.ndarray:
    """Real photos, cut into squares: (count, size, size, 3), whole numbers in [0, 255]."""
    random = np.random.default_rng(0)
    photo = skimage.data.astronaut()
    corners = random.integers(0, photo.shape[0] - size, (count, 2))
    return np.stack([photo[row : row + size, column : column + size] for row, column in corners])


IMAGES = photos(600, 6)


def windows(images, size, strides):
    """All windows, row by row, as vectors in the order row, column, channel."""
    rows = range(0, images.shape[1] - size + 1, strides)
    columns = range(0, images.shape[2] - size + 1, strides)
    cut = [[images[:, r : r + size, c : c + size].reshape(len(images), -1) for c in columns] for r in rows]
    return np.stack([np.stack(row, axis=1) for row in cut], axis=1)


VECTORS = {  # mode -> the vectors of images
    "channels": lambda images: images,
    "image": lambda images: images.reshape(len(images), -1),
    "patches": lambda images: windows(images, 4, 2),
}


def assert_equal_but_for_signs(outputs, expected):
    signs = np.sign(np.sum(outputs * expected, axis=0))
    np.testing.assert_allclose(outputs * signs, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("n_components", [None, 3])
@pytest.mark.parametrize("mode", VECTORS)
def test_equals_scikit_learn(mode, n_components):
    layer = PCAWhitening(mode, n_components=n_components, epsilon=0.0, patch_size=4, strides=2)
    layer.adapt(IMAGES)
    vectors = VECTORS[mode](IMAGES.astype("float64"))
    vectors = vectors.reshape(-1, vectors.shape[-1])
    pca = PCA(n_components, whiten=True, svd_solver="full").fit(vectors)
    outputs = np.asarray(layer(IMAGES))
    assert outputs.shape == layer.compute_output_shape(IMAGES.shape)
    assert_equal_but_for_signs(outputs.reshape(-1, outputs.shape[-1]), pca.transform(vectors))
    np.testing.assert_allclose(layer.mean_, pca.mean_, rtol=1e-5)
    np.testing.assert_allclose(layer.explained_variance_, pca.explained_variance_, rtol=1e-4)
    assert layer.components_.shape == pca.components_.shape


@pytest.mark.parametrize("mode", VECTORS)
def test_whitened_vectors_have_unit_covariance(mode):
    for kind in ("pca", "zca"):
        layer = PCAWhitening(mode, kind, epsilon=0.0, patch_size=4, strides=2)
        layer.adapt(IMAGES)
        outputs = np.asarray(layer(IMAGES), "float64").reshape(-1, layer.mean_.shape[0])
        np.testing.assert_allclose(np.cov(outputs.T), np.eye(outputs.shape[1]), atol=1e-3)


def test_zca_is_the_whitening_nearest_to_the_image():
    layer = PCAWhitening("image", "zca", epsilon=0.0)
    layer.adapt(IMAGES)
    vectors = IMAGES.reshape(len(IMAGES), -1).astype("float64")
    values, axes = np.linalg.eigh(np.cov(vectors.T))
    inverse_root = axes / np.sqrt(values) @ axes.T
    expected = ((vectors - vectors.mean(0)) @ inverse_root).reshape(IMAGES.shape)
    np.testing.assert_allclose(layer(IMAGES), expected, atol=1e-3)


def test_epsilon_holds_back_components_of_no_variance():
    gray = np.repeat(IMAGES[..., :1], 3, axis=-1)
    layer = PCAWhitening("channels", epsilon=1.0)
    layer.adapt(gray)
    np.testing.assert_allclose(layer.explained_variance_[1:], 0.0, atol=1e-3)
    assert np.abs(layer(gray)).max() < 10


@pytest.mark.parametrize(
    "stream",
    [
        lambda: (IMAGES[i : i + 7] for i in range(0, len(IMAGES), 7)),
        lambda: [(IMAGES[:590], "labels"), (IMAGES[590:], "labels")],
        lambda: tf.data.Dataset.from_tensor_slices((IMAGES, np.zeros(len(IMAGES)))).batch(300),
        lambda: tf.constant(IMAGES),
    ],
    ids=["generator", "tuples", "tf.data", "tensor"],
)
def test_streams_teach_the_same_as_an_array(stream):
    whole, parts = PCAWhitening("image"), PCAWhitening("image")
    whole.adapt(IMAGES)
    parts.adapt(stream())
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_statistics_fit_both_layouts_and_survive_saving(tmp_path):
    first = PCAWhitening("patches", n_components=7, patch_size=3, data_format="channels_first")
    first.adapt(np.moveaxis(IMAGES, -1, 1))
    last = PCAWhitening("patches", n_components=7, patch_size=3)
    last.adapt(IMAGES)
    np.testing.assert_allclose(first.components_, last.components_, atol=1e-5)
    pixels = keras.Input((3, 6, 6))
    keras.Model(pixels, first(pixels)).save_weights(tmp_path / "first.weights.h5")
    restored = PCAWhitening("patches", n_components=7, patch_size=3, data_format="channels_first")
    keras.Model(pixels, restored(pixels)).load_weights(tmp_path / "first.weights.h5")
    np.testing.assert_array_equal(restored.components_, first.components_)
    np.testing.assert_array_equal(restored.explained_variance_, first.explained_variance_)
    outputs = np.asarray(restored(np.moveaxis(IMAGES[:5], -1, 1)))
    np.testing.assert_allclose(np.moveaxis(outputs, 1, -1), last(IMAGES[:5]), rtol=1e-3, atol=1e-3)


def test_adapting_again_forgets_the_first_time():
    layer, fresh = PCAWhitening(), PCAWhitening()
    layer.adapt(IMAGES[:10] // 2)
    layer.adapt(IMAGES)
    fresh.adapt(IMAGES)
    np.testing.assert_array_equal(layer.mean_, fresh.mean_)


def test_covariance_of_a_stream_far_from_zero_keeps_its_digits(monkeypatch):
    monkeypatch.setattr("imgcls.layers.running_covariance.BUFFER", 20)
    vectors = np.random.default_rng(0).normal(size=(1001, 3)) @ np.diag([1.0, 2.0, 3.0]) + 1e7
    running = RunningCovariance(3)
    for i in range(0, 1001, 13):
        running.update(vectors[i : i + 13])
    mean, covariance = running.finish()
    np.testing.assert_allclose(mean, vectors.mean(0), rtol=1e-14)
    np.testing.assert_allclose(covariance, np.cov(vectors.T), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "data", "message"),
    [
        (lambda: PCAWhitening("image"), IMAGES[:1], "at least 2 vectors, and there were 1"),
        (lambda: PCAWhitening("image"), [], "no images to adapt to"),
        (lambda: PCAWhitening("image"), [IMAGES, IMAGES[:, :4]], "vectors of size 72; expected 108"),
        (lambda: PCAWhitening(), [IMAGES[0]], r"shape \(6, 6, 3\); expected images with four axes"),
        (lambda: PCAWhitening(), np.full((2, 2, 2, 3), np.nan), "not finite; nothing was learned"),
        (lambda: PCAWhitening(n_components=4), IMAGES, "n_components is 4; expected 1 to 3"),
        (lambda: PCAWhitening("patches", patch_size=7), IMAGES, "patch_size is 7"),
    ],
)
def test_data_that_teach_nothing_are_refused(make, data, message):
    with pytest.raises(ValueError, match=message):
        make().adapt(data)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PCAWhitening("pixel"), "mode is 'pixel'; expected one of channels, image, patches"),
        (lambda: PCAWhitening(kind="svd"), "kind is 'svd'; expected one of pca, zca"),
        (lambda: PCAWhitening(epsilon=-1.0), "epsilon is -1.0, .* expected an epsilon of at least 0"),
        (lambda: PCAWhitening("image")(keras.Input((None, None, 3))), "mode 'image' needs a known size"),
    ],
)
def test_settings_that_mean_nothing_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("kind", ["pca", "zca"])
@pytest.mark.parametrize("images", [np.repeat(IMAGES[..., :1], 3, axis=-1), np.full((4, 6, 6, 3), 7, np.uint8)])
def test_data_without_variance_in_some_direction_whiten_to_numbers(images, kind):
    layer = PCAWhitening("channels", kind, epsilon=0.0)
    layer.adapt(images)
    assert np.isfinite(layer(images)).all()


def test_directions_with_variance_are_those_of_scikit_learn_where_others_have_none():
    vectors = np.repeat(IMAGES[..., :1], 3, axis=-1).astype("float64").reshape(-1, 3)
    layer = PCAWhitening("channels", epsilon=0.0)
    layer.adapt(vectors.reshape(-1, 1, 1, 3))
    outputs = np.asarray(layer(vectors.reshape(-1, 1, 1, 3))).reshape(-1, 3)
    expected = PCA(whiten=True, svd_solver="full").fit_transform(vectors)
    assert_equal_but_for_signs(outputs[:, :1], expected[:, :1])
