"""What a class or a unit would like to see: pixels that are changed until its score is high."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from imgcls.explain.network import Network
from imgcls.explain.units.spectrum import Spectrum
from imgcls.explain.units.wish import Wish, scores_of
from imgcls.explain.units.wobble import wobbled
from imgcls.progress import ProgressFunction, no_progress

WAKING = 0.125  # of the steps, in which gradients leak through silent units
LEAK = 0.1  # of a gradient


@dataclass(frozen=True)
class MaximizationOptions:
    """How pixels are changed, and what keeps them like an image.

    Attributes:
        steps: Of gradient ascent.
        learning_rate: Of Adam, on the image's waves.
        total_variation: Weight of the mean absolute difference of neighboring pixels in [0, 1]. At 1 a difference of 1
            costs the whole score, so the weight means the same for a class and for a unit of small responses.
        l2: Weight of the mean squared distance of pixels in [0, 1] from gray, of the score as well.
        blur_every: Steps from one blur of the image to the next; 0 for none.
        blur: Standard deviation of the blur, as a share of the longer side.
        shift: Largest random shift in each step, as a share of the side.
        rotation: Largest random turn in each step, in degrees.
        scale: Largest random change of size in each step, as a share.
        contrast: Of the noise at the start; at 1 it fills the range of pixels.
        seed: Of the start and of what is random in each step.
        on_progress: Gets how many steps are done, and of how many.
    """

    steps: int = 128
    learning_rate: float = 0.05
    total_variation: float = 0.5
    l2: float = 0.5
    blur_every: int = 0
    blur: float = 0.01
    shift: float = 0.06
    rotation: float = 8.0
    scale: float = 0.1
    contrast: float = 0.1
    seed: int = 0
    on_progress: ProgressFunction = field(default=no_progress, compare=False)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}; expected at least 1.")
        if not 0 <= self.scale < 1:
            raise ValueError(f"scale is {self.scale}; expected a share from 0 to below 1.")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate is {self.learning_rate}; expected a number above 0.")
        for name in ("total_variation", "l2", "blur_every", "blur", "shift", "rotation", "contrast"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; expected 0 or more.")

    @property
    def regularizers(self) -> str:
        """What keeps the pixels like an image, in words."""
        weights = [
            (self.total_variation, f"total variation {self.total_variation:g}"),
            (self.l2, f"L2 {self.l2:g}"),
            (self.blur_every, f"blur every {self.blur_every} steps"),
            (self.shift, f"shift {self.shift:.0%}"),
            (self.rotation, f"rotation {self.rotation:g} degrees"),
            (self.scale, f"scale {self.scale:.0%}"),
        ]
        return ", ".join(text for weight, text in weights if weight) or "none"


@dataclass(frozen=True)
class Maximized:
    """Images that excite what was wished, one each.

    Attributes:
        wishes: The classes and units.
        pixels: (B, H, W, C), float32 in [0, 255].
        before: (B,), the scores of the noise at the start: a logit, or a unit's value.
        after: (B,), the scores of the pixels.
        history: (steps, B), the scores in each step, of the pixels turned and shifted as in that step.
    """

    wishes: tuple[Wish, ...]
    pixels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    history: np.ndarray

    @property
    def problems(self) -> list[str]:
        """Why an image is not to be shown as what was wished, for each; "" where it is."""
        risen = np.isfinite(self.after) & (self.after > self.before)
        return ["" if each else "nothing excites it: the score did not rise" for each in risen]


def maximize(network: Network, wishes: Sequence[Wish], options: MaximizationOptions | None = None) -> Maximized:
    """Change noise step by step until it excites a class or a unit, one image a wish.

    The image is a sum of waves (Olah et al.), which alone keeps most of the noise away. Besides, each step sees it
    shifted, turned and resized at random, and total variation and the distance from gray count against it.

    Do not expect photos. A network trained on ImageNet (EfficientNet-Lite0) shows what it looks for: the legs of
    tripods, the orange bodies and fins of goldfish, the swirls on an espresso, several times and at several places. A
    small one on 28 by 28 pixels shows edges and outlines, of which few name the class; and scores far above those of
    any photo say nothing of how well it classifies.

    Args:
        network: The classifier.
        wishes: The classes and units; all are computed at once, so memory grows with them.
        options: By default those of `MaximizationOptions`.

    Returns:
        The images; the same seed gives the same ones on the same machine.

    Raises:
        ValueError: If there is no wish, or no such class, layer or unit.

    Reference:
        Simonyan, Vedaldi and Zisserman, Deep Inside Convolutional Networks, 2013, section 2 (logit, L2).
        Yosinski et al., Understanding Neural Networks Through Deep Visualization, 2015, section 3 (blur).
        Mahendran and Vedaldi, Visualizing Deep Convolutional Neural Networks Using Natural Pre-images, 2016, section 3
        (total variation, jitter).
        Olah, Mordvintsev and Schubert, Feature Visualization, Distill, 2017 (waves, turns and sizes).

    Example:
        >>> from imgcls.models import build_model
        >>> network = Network(build_model("lenet5", class_names=["cat", "dog"]))
        >>> found = maximize(network, [Wish("dog"), Wish(layer="c3", unit=4)], MaximizationOptions(steps=3))
        >>> found.pixels.shape, found.history.shape
        ((2, 32, 32, 1), (3, 2))
    """
    options = options or MaximizationOptions()
    scores = tf.function(scores_of(network, wishes))
    spectrum = Spectrum(len(wishes), network.size, network.channels, options.contrast, options.seed)
    step, exact = _step(spectrum, scores, options), tf.constant(0.0)
    before, history = scores(spectrum.pixels(), exact).numpy(), []
    for number in range(options.steps):
        leak = LEAK if number < WAKING * options.steps else 0.0
        history.append(step(tf.constant(number), tf.constant(leak)).numpy())
        if options.blur_every and (number + 1) % options.blur_every == 0:
            spectrum.blur(options.blur * max(network.size))
        options.on_progress(number + 1, options.steps)
    pixels = spectrum.pixels()
    return Maximized(tuple(wishes), pixels.numpy(), before, scores(pixels, exact).numpy(), np.stack(history))


def _step(
    spectrum: Spectrum, scores: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], options: MaximizationOptions
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """A function from the number of the step and the leak to the scores; it changes the waves."""
    optimizer = keras.optimizers.Adam(options.learning_rate)
    optimizer.build([spectrum.waves])

    @tf.function
    def step(number: tf.Tensor, leak: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(spectrum.waves)
            pixels = spectrum.pixels()
            seed = tf.stack([options.seed, number])
            found = scores(wobbled(pixels, options.shift, options.rotation, options.scale, seed), leak)
            cost = tf.stop_gradient(tf.abs(found)) * _penalties(pixels / 255.0, options)
            loss = tf.reduce_sum(cost - found)
        optimizer.apply([tape.gradient(loss, spectrum.waves)], [spectrum.waves])
        return found

    return step


def _penalties(pixels: tf.Tensor, options: MaximizationOptions) -> tf.Tensor:
    """(B,), of pixels in [0, 1]."""
    down, right = tf.abs(pixels[:, 1:] - pixels[:, :-1]), tf.abs(pixels[:, :, 1:] - pixels[:, :, :-1])
    variation = tf.reduce_mean(down, (1, 2, 3)) + tf.reduce_mean(right, (1, 2, 3))
    return options.total_variation * variation + options.l2 * tf.reduce_mean(tf.square(pixels - 0.5), (1, 2, 3))
