import numpy as np

from imgcls.explain.methods.grad_cam_plus_plus import weighed


def test_grad_cam_plus_plus_is_the_papers_formula():
    """Equations 15 and 19 in NumPy, from gradients that are large enough to be squared and cubed."""
    rng = np.random.default_rng(0)
    features, gradients = rng.uniform(0, 1, (2, 3, 3, 4)), rng.normal(size=(2, 3, 3, 4))
    squares, cubes = gradients**2, gradients**3
    alpha = squares / (2 * squares + cubes * features.sum((1, 2), keepdims=True))
    weights = (alpha * np.maximum(gradients, 0)).sum((1, 2))
    expected = np.maximum(np.einsum("bhwc,bc->bhw", features, weights), 0)
    np.testing.assert_allclose(weighed(features, gradients), expected, rtol=1e-6)


def test_gradients_too_small_to_be_squared_give_the_same_map():
    rng = np.random.default_rng(0)
    features, gradients = rng.uniform(0, 1e-6, (1, 3, 3, 4)), rng.normal(size=(1, 3, 3, 4))
    large, small = (weighed(features.astype("f4"), (gradients * scale).astype("f4")).numpy() for scale in (1, 1e-25))
    assert small.any()
    np.testing.assert_allclose(small / small.max(), large / large.max(), rtol=1e-4, atol=1e-4)
