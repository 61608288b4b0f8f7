"""Why a network answers as it does: heat maps for images, by any number of methods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from imgcls.data.images.preprocessing import Preprocessing
from imgcls.data.images.reading import ReadResult, read_images
from imgcls.explain.faithfulness.faithfulness import Faithfulness
from imgcls.explain.faithfulness.judging import HeatmapJudge
from imgcls.explain.faithfulness.randomization import random_network
from imgcls.explain.heatmaps import Heatmaps
from imgcls.explain.methods import Method, MethodOptions, find_method
from imgcls.explain.network import Network
from imgcls.explain.target import class_scores
from imgcls.progress import Progress

PREDICTED, TRUE = "predicted", "true"
AT_ONCE = 256  # images; bounds the memory, however many there are


@dataclass(frozen=True)
class Question:
    """What is asked of each image.

    Attributes:
        methods: Names of `imgcls.explain.methods.METHODS`.
        target: The class whose score is explained: "predicted", "true", or a class.
        against: The class that it is explained against, named likewise; empty for none.
        check: Whether each map is judged by deletion, insertion and the same network with random weights.
        options: Of the methods.
    """

    methods: tuple[str, ...] = ("grad_cam", "integrated_gradients")
    target: str = PREDICTED
    against: str = ""
    check: bool = True
    options: MethodOptions = field(default_factory=MethodOptions)

    def check_fits(self, network: Network) -> None:
        """Check the names of methods, layer and classes.

        Raises:
            ValueError: For one that there is not, with the nearest.
        """
        for name in self.methods:
            if find_method(name).reads == "map":
                network.layer(self.options.layer)
        for name in (self.target, self.against):
            if name not in (PREDICTED, TRUE, ""):
                network.place(name)
        if self.target == self.against:
            raise ValueError(f"{self.target!r} is explained against itself. Name another class after --against.")


@dataclass(frozen=True)
class ExplainedMap:
    """One heat map.

    Attributes:
        method: That made it.
        values: (H, W), float32.
        layer: Whose feature map was read; empty for a method on pixels.
        problem: Why it is not to be shown as a map; "" where it is.
        figures: What the method says of itself.
        faithfulness: What the check found; None where none was asked for, or there is nothing to check.
    """

    method: Method
    values: np.ndarray
    layer: str
    problem: str
    figures: Mapping[str, float]
    faithfulness: Faithfulness | None = None

    @property
    def fails(self) -> str:
        """Why the map is not to be believed; "" where nothing speaks against it."""
        return self.problem or (self.faithfulness.fails if self.faithfulness else "")

    @property
    def caption(self) -> str:
        """What the check found, in a line."""
        return self.problem or (self.faithfulness.caption if self.faithfulness else "")


@dataclass(frozen=True)
class ExplainedImage:
    """An image with its heat maps.

    Attributes:
        path: Of the file.
        problem: Why it could not be read or explained; "" where it could.
        pixels: (H, W, C), float32 in [0, 255], as the network takes them; None where there is a problem.
        predicted: The likeliest class.
        probability: Of the explained class.
        true: The true class, where it is known.
        target: The explained class.
        against: The class that it is explained against; "" for none.
        maps: One for each method.
    """

    path: Path
    problem: str = ""
    pixels: np.ndarray | None = None
    predicted: str = ""
    probability: float = 0.0
    true: str = ""
    target: str = ""
    against: str = ""
    maps: tuple[ExplainedMap, ...] = ()

    @property
    def question(self) -> str:
        """What is explained, in a few words."""
        return f"{self.target} against {self.against}" if self.against else self.target


def explain_answers(
    network: Network,
    paths: Sequence[Path],
    question: Question | None = None,
    true_classes: Mapping[Path, str] | None = None,
    progress: Progress | None = None,
) -> Iterator[ExplainedImage]:
    """Explain the answers for image files.

    Args:
        network: The classifier.
        paths: The files.
        question: What is asked.
        true_classes: The class of each file, by its resolved path, where it is known; a file in a folder that is called
            like a class is of that class.
        progress: Receives how many images are done, method by method.

    Yields:
        Each image in the order of `paths`; what cannot be read has its reason.

    Raises:
        ValueError: Before an image is read, for a method, layer or class that there is not.
    """
    question, progress = question or Question(), progress or Progress()
    question.check_fits(network)
    untrained = random_network(network, question.options.seed) if question.check else None
    outcomes = read_images(paths, Preprocessing(**network.preprocessing))
    while chunk := list(islice(outcomes, AT_ONCE)):
        asked = _asked(network, chunk, question, true_classes or {})
        maps = _maps(network, [image for image in asked if not image.problem], question, untrained, progress)
        for image in asked:
            yield image if image.problem else replace(image, maps=next(maps))


def _asked(
    network: Network, chunk: Sequence[ReadResult], question: Question, true_classes: Mapping[Path, str]
) -> list[ExplainedImage]:
    """The images with what is explained of each, still without maps."""
    read = [outcome.result for outcome in chunk if not outcome.problem]
    found = iter(_predicted(network, np.stack(read), question.options.batch_size) if read else ())
    return [
        ExplainedImage(outcome.path, f"cannot be read: {outcome.problem}")
        if outcome.problem
        else _image(network, outcome, next(found), question, true_classes)
        for outcome in chunk
    ]


def _predicted(network: Network, pixels: np.ndarray, batch: int) -> np.ndarray:
    parts = [pixels[start : start + batch] for start in range(0, len(pixels), batch)]
    return np.concatenate([np.asarray(network.model(part, training=False)) for part in parts])


def _image(
    network: Network, outcome: ReadResult, probabilities: np.ndarray, question: Question, known: Mapping[Path, str]
) -> ExplainedImage:
    names = network.class_names
    predicted, parent = names[int(probabilities.argmax())], outcome.path.resolve().parent.name
    true = known.get(outcome.path.resolve(), parent if parent in names else "")
    named = {PREDICTED: predicted, TRUE: true, "": ""}
    target, against = named.get(question.target, question.target), named.get(question.against, question.against)
    if TRUE in (question.target, question.against) and true not in names:
        why = f"its true class {true!r} is not one of the network" if true else "its true class is not known"
        return ExplainedImage(outcome.path, f"{why}; name a class, or put it into a folder that is called like one")
    against = "" if against == target else against  # an image that is right has no other class to set against its own
    probability = float(probabilities[names.index(target)])
    return ExplainedImage(outcome.path, "", outcome.result, predicted, probability, true, target, against)


def _maps(
    network: Network,
    images: Sequence[ExplainedImage],
    question: Question,
    untrained: Network | None,
    progress: Progress,
) -> Iterator[tuple[ExplainedMap, ...]]:
    """The maps of each image, one for each method."""
    if not images:
        return iter(())
    pixels = np.stack([np.asarray(image.pixels) for image in images])
    coefficients = class_scores(network, [i.target for i in images], [i.against for i in images])
    judge = HeatmapJudge(network, pixels, coefficients, untrained) if untrained else None
    columns = []
    for name in question.methods:
        method = find_method(name)
        options = replace(question.options, on_progress=progress.of(method.title, len(images)))
        found = method.compute(network, pixels, coefficients, options)
        judged: list[Faithfulness] | list[None] = [None] * len(images)
        if judge:
            options = replace(options, on_progress=progress.of(f"Checking {method.title}", len(images)))
            judged = judge.judge(method, found, options)
        columns.append([_map(method, found, row, judged[row]) for row in range(len(images))])
    return zip(*columns, strict=True)


def _map(method: Method, found: Heatmaps, row: int, faithfulness: Faithfulness | None) -> ExplainedMap:
    problem = found.problems[row]
    figures = {name: float(values[row]) for name, values in found.figures.items()}
    return ExplainedMap(method, found.values[row], found.layer, problem, figures, None if problem else faithfulness)
