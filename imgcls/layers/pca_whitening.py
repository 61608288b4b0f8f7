"""Whitening: uncorrelated components of variance 1, with statistics learned from the data."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import scipy.linalg
from keras import KerasTensor, ops
from typing_extensions import override

from imgcls.data_format import CHANNELS_LAST, check_data_format
from imgcls.layers.known_size import known
from imgcls.layers.layout_change import LayoutChange
from imgcls.layers.running_covariance import RunningCovariance

MODES = ("channels", "image", "patches")
KINDS = ("pca", "zca")
LEAST_DEVIATION = float(np.finfo(np.float32).eps)  # as scikit-learn has it, where the data have no variance
CHUNK = 8_000_000  # numbers that `adapt` takes out of the images at a time: 32 MB


@keras.saving.register_keras_serializable("imgcls")
class PCAWhitening(keras.layers.Layer):
    """Principal components of variance 1 (PCA), or the same turned back towards the original axes (ZCA).

    PCA gives what `sklearn.decomposition.PCA(whiten=True)` gives, if epsilon is 0. Computed in float32. The statistics
    are learned by `adapt` and saved with the model; before `adapt` the layer only subtracts 0 and divides by 1.

    The mode decides what is a vector, and its size D:

    - "channels": each pixel, D = C.
    - "image": each image, D = H · W · C.
    - "patches": each window of `patch_size`, D = patch_size² · C.

    The order inside a vector is row, column, channel in both layouts, so the same statistics fit both.

    Args:
        mode: "channels", "image" or "patches".
        kind: "pca" or "zca".
        n_components: K, the components with the largest variance that are kept; all D by default.
        epsilon: Added to each variance, in squared units of the input, so that noise is not blown up; 0.1 in Coates et
            al. for patches of variance 1.
        patch_size: Pixels, in the mode "patches".
        strides: Pixels between two windows, in the mode "patches".
        data_format: Layout of the input.

    Attributes:
        mean_: (D,).
        components_: (K, D), rows of length 1, whose largest element is positive.
        explained_variance_: (K,), the variances along the components, falling.

    Input shape:
        (B, H, W, C), or (B, C, H, W) in channels_first, any range.

    Output shape:
        "channels": (B, H, W, K), for ZCA (B, H, W, C). "image": (B, K), for ZCA (B, H, W, C). "patches": (B, rows,
        columns, K), for ZCA (B, rows, columns, D). Outputs with four axes are in the layout of the input.

    Raises:
        ValueError: For arguments out of range.

    Reference:
        Bell and Sejnowski, The "Independent Components" of Natural Scenes are Edge Filters, 1997; for patches: Coates,
        Ng and Lee, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, 2011.

    Example:
        >>> images = np.random.default_rng(0).normal(size=(8, 4, 4, 3)).astype("float32")
        >>> layer = PCAWhitening("image", n_components=5)
        >>> layer.adapt(images)
        >>> layer(images).shape
        TensorShape([8, 5])
    """

    def __init__(
        self,
        mode: str = "channels",
        kind: str = "pca",
        n_components: int | None = None,
        epsilon: float = 1e-5,
        patch_size: int = 6,
        strides: int = 1,
        data_format: str = CHANNELS_LAST,
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=kwargs.pop("dtype", "float32"), **kwargs)
        for name, value, options in (("mode", mode, MODES), ("kind", kind, KINDS)):
            if value not in options:
                raise ValueError(f"{name} is {value!r}; expected one of {', '.join(options)}.")
        if not epsilon >= 0 or min(patch_size, strides) < 1:
            raise ValueError(
                f"epsilon is {epsilon}, patch_size {patch_size} and strides {strides}; expected an epsilon of at least "
                "0 and at least one pixel."
            )
        self.mode = mode
        self.kind = kind
        self.n_components = n_components
        self.epsilon = epsilon
        self.patch_size = patch_size
        self.strides = strides
        self.data_format = check_data_format(data_format)
        self.enter = LayoutChange(data_format, CHANNELS_LAST, dtype=self.dtype_policy)
        self.leave = LayoutChange(CHANNELS_LAST, data_format, dtype=self.dtype_policy)

    @override
    def build(self, input_shape: tuple[int | None, ...]) -> None:
        image = self._image_shape(input_shape)
        size = self._vector_shape(image)[-1]
        sides = [side for side in image[1:3] if side is not None]
        if self.mode == "patches" and len(sides) == 2 and min(sides) < self.patch_size:
            raise ValueError(f"patch_size is {self.patch_size} for images of {image[1:3]} pixels; expected no more.")
        if size is None:
            raise ValueError(f"The input has the shape {tuple(input_shape)}; mode {self.mode!r} needs a known size.")
        kept = size if self.n_components is None else self.n_components
        if not 1 <= kept <= size:
            raise ValueError(f"n_components is {kept}; expected 1 to {size}, the size of a vector.")
        self.mean_ = self._statistic("mean", (size,), "zeros")
        self.components_ = self._statistic("components", (kept, size), "identity")
        self.explained_variance_ = self._statistic("explained_variance", (kept,), "ones")

    def _statistic(self, name: str, shape: tuple[int, ...], initializer: str) -> keras.Variable:
        return self.add_weight(name=name, shape=shape, initializer=initializer, trainable=False)

    @override
    def call(self, inputs: KerasTensor) -> KerasTensor:
        images = self.enter(ops.cast(inputs, self.compute_dtype))
        deviations = self._vectors(images) - self.mean_
        whitened = ops.tensordot(deviations, ops.transpose(self.components_), axes=1)
        whitened = whitened / ops.maximum(ops.sqrt(self.explained_variance_ + self.epsilon), LEAST_DEVIATION)
        if self.kind == "zca":
            whitened = ops.tensordot(whitened, self.components_, axes=1)
            if self.mode == "image":
                whitened = ops.reshape(whitened, (-1, *images.shape[1:]))
        return self.leave(whitened) if len(whitened.shape) == 4 else whitened

    def _vectors(self, images: KerasTensor) -> KerasTensor:
        """Images (B, H, W, C) as vectors (..., D)."""
        if self.mode == "channels":
            return images
        if self.mode == "image":
            return ops.reshape(images, (-1, self._vector_shape(images.shape)[-1]))
        _, rows, columns, _ = self._vector_shape(ops.shape(images))
        starts = range(self.patch_size)
        return ops.concatenate(
            [images[:, r :: self.strides, c :: self.strides][:, :rows, :columns] for r in starts for c in starts],
            axis=-1,
        )

    def _vector_shape(self, image_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape (..., D) of the vectors of images (B, H, W, C)."""
        batch, height, width, channels = image_shape
        if self.mode == "channels":
            return tuple(image_shape)
        if self.mode == "image":
            if height is None or width is None or channels is None:
                return batch, None
            return batch, height * width * channels
        windows = (None if n is None else (n - self.patch_size) // self.strides + 1 for n in (height, width))
        return batch, *windows, None if channels is None else self.patch_size**2 * channels

    def _image_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.enter.compute_output_shape(input_shape)

    def adapt(self, data: np.ndarray | Iterable[Any]) -> None:
        """Learn the statistics from images, in one pass, with a memory that does not grow with their number.

        Earlier statistics are forgotten.

        Args:
            data: An array of images, or batches of images, or of tuples that begin with images, such as a
                tf.data.Dataset gives; in the layer's data_format.

        Raises:
            ValueError: If there are fewer than two vectors, if the vectors of a batch have another size than those of
                the first, and if a value is not finite.
        """
        running = None
        for images in _batches(data):
            if not self.built:
                self.build(images.shape)
            running = running or RunningCovariance(self.mean_.shape[0])
            for vectors in self._vectors_of(images):
                running.update(vectors)
        if running is None:
            raise ValueError("There were no images to adapt to; expected at least 2.")
        self._learn(*running.finish())

    def _vectors_of(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """The vectors (number of vectors, D) of one batch, not too many at a time."""
        shape = self._vector_shape(self._image_shape(images.shape))
        if shape[-1] != self.mean_.shape[0]:
            raise ValueError(
                f"Images of shape {images.shape[1:]} have vectors of size {shape[-1]}; expected {self.mean_.shape[0]}."
            )
        sizes = [known(size, "size") for size in shape[1:]]
        step = max(1, CHUNK // math.prod(sizes))
        for start in range(0, len(images), step):
            chunk = self.enter(ops.cast(images[start : start + step], "float32"))
            yield np.asarray(self._vectors(chunk)).reshape(-1, sizes[-1])

    def _learn(self, mean: np.ndarray, covariance: np.ndarray) -> None:
        if not np.isfinite(mean).all():
            raise ValueError("The images hold values that are not finite; nothing was learned.")
        kept = self.explained_variance_.shape[0]
        size = len(covariance)
        eigenvalues, vectors = scipy.linalg.eigh(  # rising; in the memory of the covariance, which `.T` lays out for it
            covariance.T, driver="evr", subset_by_index=(size - kept, size - 1), overwrite_a=True, check_finite=False
        )
        components = vectors.T[::-1]
        largest = np.take_along_axis(components, np.abs(components).argmax(axis=1, keepdims=True), axis=1)
        self.mean_.assign(mean)
        self.components_.assign(components * np.sign(largest))
        self.explained_variance_.assign(np.maximum(eigenvalues[::-1], 0.0))

    @override
    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        images = self._image_shape(input_shape)
        batch, *places, size = self._vector_shape(images)
        if self.kind == "zca" and self.mode == "image":
            return tuple(input_shape)
        whitened = (batch, *places, size if self.kind == "zca" else self.n_components or size)
        return self.leave.compute_output_shape(whitened) if len(whitened) == 4 else whitened

    @override
    def get_config(self) -> dict[str, Any]:
        own = {
            "mode": self.mode,
            "kind": self.kind,
            "n_components": self.n_components,
            "epsilon": self.epsilon,
            "patch_size": self.patch_size,
            "strides": self.strides,
            "data_format": self.data_format,
        }
        return {**super().get_config(), **own}


def _batches(data: np.ndarray | Iterable[Any]) -> Iterator[np.ndarray]:
    for batch in [data] if hasattr(data, "shape") else data:
        images = np.asarray(batch[0] if isinstance(batch, tuple | list) else batch)
        if images.ndim != 4:
            raise ValueError(f"A batch has the shape {images.shape}; expected images with four axes.")
        yield images
