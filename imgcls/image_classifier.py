"""A classifier as one object, as scikit-learn and Keras users know it."""

import html
import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import tensorflow as tf

from imgcls.cli.terminal import log_shown, progress_line
from imgcls.config import TrainConfig
from imgcls.counted import counted
from imgcls.data.manifest.table import Manifest
from imgcls.evaluation.metrics import Evaluation
from imgcls.progress import Progress
from imgcls.run_folder import RunFolder
from imgcls.serving.predictions import Predictions
from imgcls.serving.predictor import Predictor
from imgcls.workflow.evaluate import Split, evaluate_run
from imgcls.workflow.explanation.explain import Explanation, explain_classifier
from imgcls.workflow.explanation.request import ExplainRequest
from imgcls.workflow.export import export_run
from imgcls.workflow.flat_options import check_names, flat, with_options
from imgcls.workflow.image_data import is_multi_label, is_paths, label_values, source_of_images, to_pixels
from imgcls.workflow.model_file import as_named
from imgcls.workflow.predictor import predictor_of_run
from imgcls.workflow.sources import list_images
from imgcls.workflow.train import resume_run, train_run

DATA = "data"  # the one field of a config that `fit` sets
DEFAULTS = {name: value for name, value in flat(TrainConfig()).items() if name != DATA} | {"verbose": True}


class NotFittedError(ValueError, AttributeError):
    """The classifier was asked for something that only a trained one has."""


class ImageClassifier:
    """Trains, judges, predicts and exports; an estimator as scikit-learn knows them.

    Every fit is a run in a folder of its own, the same that `python -m imgcls.train` writes.

    Args:
        verbose: Show progress and decisions.
        **options: Every field of `imgcls.config.TrainConfig` by its name, as the flags of `python -m imgcls.train`
            have them: model, weights, plan, epochs, batch_size, learning_rate, augmentation, image_size, seed, ...
            `model` may be a Keras model of images itself, or a function that makes one; `preprocessing` says then which
            pixels it was trained with.

    Attributes:
        run_: Folder of the last fit's run.
        classes_: (classes,) labels in the order of `predict_proba`'s columns.

    Example:
        A new head on ImageNet features of the images in `photos`, one folder a class::

            from imgcls import ImageClassifier

            classifier = ImageClassifier(model="auto", epochs=10)
            classifier.fit("photos")
            classifier.score()
            classifier.predict(["a.jpg"])
            classifier.export("saved_models/photos")

        The options are those of the command:

        >>> classifier = ImageClassifier(epochs=10, verbose=False)
        >>> classifier
        ImageClassifier(epochs=10, verbose=False)
        >>> classifier.get_params()["model"]
        'auto'
    """

    runs: str  # an option of `TrainConfig`, as all that the constructor sets
    verbose: bool
    model: Any  # a name, a Keras model, or a function that makes one

    def __init__(self, *, verbose: bool = True, **options: Any) -> None:
        check_names(options)
        if DATA in options:
            raise TypeError("The images are given to fit: ImageClassifier(...).fit('photos').")
        vars(self).update({**DEFAULTS, **options, "verbose": verbose})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Every option with its value. deep: as scikit-learn asks for it; there are no nested estimators."""
        return {name: getattr(self, name) for name in DEFAULTS}

    def set_params(self, **options: Any) -> Self:
        """Change options for the next fit.

        Raises:
            ValueError: If there is no such option; the sentence has the nearest name.
        """
        try:
            check_names({name: value for name, value in options.items() if name != "verbose"})
        except TypeError as error:
            raise ValueError(str(error)) from error
        vars(self).update(options)
        return self

    @property
    def config(self) -> TrainConfig:
        """The options as a `TrainConfig`, whose `input.data` the next fit sets."""
        return with_options(TrainConfig(), {name: getattr(self, name) for name in DEFAULTS if name != "verbose"})

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on images and judge the result on those that were set aside as the test split.

        Args:
            X: A folder with one folder of images a class, annotations, a manifest, a card or a TFDS name; a table
                with the columns image and label; paths; an array (N, H, W, C); or a `tf.data.Dataset` of
                (image, label).
            y: (N,) labels of paths or an array; of several labels an image, an indicator matrix (N, classes) of 0 and
                1, or N lists of classes. None if X has its own.

        Returns:
            This classifier.

        Raises:
            ValueError: If the images or an option cannot be used.
            KeyboardInterrupt: If training was interrupted; `resume` continues it.
        """
        source = source_of_images(X, y, self.runs)
        with self._shown() as progress:
            several = self.config.input.task == "auto" and y is not None and is_multi_label(y)
            task = {"task": "multi_label"} if several else {}
            with as_named(self.model) as model:
                run = train_run(with_options(self.config, {DATA: source, "model": model, **task}), progress)
        return self._with_run(run, y)

    def resume(self, **changes: float | str) -> Self:
        """Continue an interrupted run, or train a finished one longer: `resume(epochs=60)`.

        Args:
            **changes: New values of epochs, learning_rate, early_stopping_patience or strategy.
        """
        run = self._fitted_run()
        with self._shown() as progress:
            return self._with_run(resume_run(run, changes, progress), getattr(self, "classes_", None))

    @classmethod
    def load(cls, run: str | Path, verbose: bool = True) -> Self:
        """The classifier of a run that `fit` or `python -m imgcls.train` made.

        Args:
            run: Folder of the run.
            verbose: Show progress and decisions.

        Raises:
            ValueError: If the folder is no run.
        """
        folder = RunFolder(run)
        options = {name: value for name, value in flat(folder.config).items() if name in DEFAULTS}
        classifier = cls(**{**options, "verbose": verbose})
        classifier.run_ = folder
        classifier.classes_ = np.array(Manifest.load(folder.manifest_file).class_names)
        return classifier

    def evaluate(self, data: Any = None, y: Any = None, *, split: Split = "test") -> Evaluation:
        """Judge on a split of the run's own images, or on other images, and write the report.

        Args:
            data: Other images, as `fit` takes them; None for the run's own.
            y: Labels of paths or an array.
            split: Which images; of `data` all that there are, if it has no splits.

        Returns:
            Accuracy with its 95 % interval, balanced accuracy, F1, log loss, confusion, and the figures of each class.
        """
        run = self._fitted_run()
        run.require_model()
        source = "" if data is None else source_of_images(data, y, self.runs)
        with self._shown() as progress:
            return evaluate_run(run, split, source, progress)

    def score(self, X: Any = None, y: Any = None) -> float:
        """Accuracy on the test split, or on the images X with the labels y.

        Of several labels an image it is the subset accuracy, as scikit-learn has it: an image counts if all its labels
        are predicted, and no other.

        Args:
            X: As `fit` takes it; None for the test split.
            y: Labels of paths or an array, as `fit` takes them.
        """
        if X is None:
            figures = self._fitted_run().evaluation()
            return float(figures["accuracy"]) if figures else self.evaluate().accuracy
        if y is None:
            return self.evaluate(X).accuracy
        if self._is_multi_label:
            return float((self.predict(X) == self._indicators(y)).all(axis=1).mean())
        return float(np.mean(self.predict(X) == np.asarray(y)))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each image, (N,), with the type of the labels that `fit` got.

        Of several labels an image it is the indicator matrix (N, classes) of 0 and 1, as scikit-learn has it: 1 where
        the probability is a half or more, in the order of `classes_`.

        Args:
            X: Paths, one path, or an array (N, H, W, C) as `fit` takes it.

        Raises:
            ValueError: If a file cannot be read; it is named with the reason.
        """
        probabilities = self.predict_proba(X)
        if self._is_multi_label:
            present: np.ndarray = (probabilities >= 0.5).astype(int)
            return present
        labels: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (N, classes), in the order of `classes_`. X: as `predict` takes it."""
        predictions = self.predictions(X)
        _check_read(predictions.paths, predictions.problems)
        return predictions.probabilities[:, self._columns]

    def predictions(self, X: Any) -> Predictions:
        """Paths, probabilities, and the reason for each file that could not be read. X: as `predict` takes it."""
        self._fitted_run()
        with self._shown() as progress:
            if not _holds_paths(X):
                return self._predictor.predict(to_pixels(X))
            paths = _paths(X)
            return self._predictor.predict_files(paths, progress.of("Predicting", len(paths)))

    def embed(self, X: Any) -> np.ndarray:
        """The network's features before its head, (N, features) float32. X: as `predict` takes it."""
        self._fitted_run()
        images = _paths(X) if _holds_paths(X) else to_pixels(X)
        features, problems = self._predictor.embed(images)
        _check_read(images, problems)
        return features

    def explain(
        self, X: str | Path | Sequence[str | Path] = (), output: str | Path = "", **options: Any
    ) -> Explanation:
        """Show why images are answered as they are; without images, what the network is.

        Args:
            X: Image files, folders or globs, one or several; none for the views of the network.
            output: Folder for pictures, arrays, tables and the page; empty: explanations/ in the run's folder.
            **options: Every field of `imgcls.workflow.explanation.request.ExplainRequest`, as the flags of `python -m
                imgcls.explain` have them: show, methods, target, against, layer, ...

        Returns:
            What was found: sentences, tables, problems and files.

        Raises:
            TypeError: If there is no such option.
            ValueError: If an option cannot be used.
        """
        run = self._fitted_run()
        folder = Path(output) if output else run.path / "explanations"
        request = ExplainRequest(**options)
        named = [str(path) for path in _paths(X)]
        paths = list_images(named) if named else []
        with self._shown() as progress:
            return explain_classifier(str(run.path), paths, folder, request, progress)

    def export(self, path: str | Path = "") -> Path:
        """Write a bundle for serving, and prove that it predicts the same.

        Args:
            path: Folder of the bundle, such as "saved_models/photos"; empty: saved_models and the run's name.

        Returns:
            The folder of the new version.
        """
        run = self._fitted_run()
        target = Path(path) if path else Path("saved_models", run.path.resolve().name)
        return export_run(run, target.parent, target.name)

    @property
    def history_(self) -> pd.DataFrame:
        """The metrics of each epoch, a row each; that of a fitted head is epoch 0."""
        return pd.DataFrame(self._fitted_run().metrics())

    def __repr__(self) -> str:
        changed = {name: getattr(self, name) for name, value in DEFAULTS.items() if getattr(self, name) != value}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def _repr_html_(self) -> str:
        """The report of the fitted run, for a notebook."""
        shown = f"<code>{html.escape(repr(self))}</code>"
        return shown + self.run_._repr_html_() if hasattr(self, "run_") else shown

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags  # asked for by scikit-learn alone

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False, three_d_array=True, string=True),
            non_deterministic=False,
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classes_")

    def _shown(self) -> AbstractContextManager[Progress]:
        return _Shown(self.verbose)

    def _with_run(self, run: RunFolder, labels: Any) -> Self:
        vars(self).pop("_predictor", None)
        self.run_ = run
        names = Manifest.load(run.manifest_file).class_names
        by_name = {str(label): label for label in _distinct(labels)} if labels is not None else {}
        self.classes_ = np.unique([by_name[name] for name in names]) if by_name else np.array(names)
        if run.state() == "interrupted":
            raise KeyboardInterrupt(
                f"Training was interrupted; ImageClassifier.load({str(run.path)!r}).resume() goes on."
            )
        return self

    def _fitted_run(self) -> RunFolder:
        if not hasattr(self, "run_"):
            raise NotFittedError("This ImageClassifier is not fitted. Call fit(images), or ImageClassifier.load(run).")
        return self.run_

    @property
    def _is_multi_label(self) -> bool:
        return self._fitted_run().config.is_multi_label

    def _indicators(self, labels: Any) -> np.ndarray:
        """(N, classes) which of `classes_` each image has."""
        rows = label_values(labels) if is_multi_label(labels) else [[label] for label in labels]
        index = {str(label): place for place, label in enumerate(self.classes_)}
        found = np.zeros((len(rows), len(index)), int)
        for row, values in enumerate(rows):
            unknown = [value for value in values if str(value) not in index]
            if unknown:
                raise ValueError(
                    f"The classifier does not know the class {unknown[0]!r}. It knows: {', '.join(index)}."
                )
            found[row, [index[str(value)] for value in values]] = 1
        return found

    @cached_property
    def _predictor(self) -> Predictor:
        return predictor_of_run(self.run_)

    @property
    def _columns(self) -> list[int]:
        """The model's output for each of `classes_`, which are sorted as their type is and not as text."""
        return [self._predictor.class_names.index(str(label)) for label in self.classes_]


class _Shown(AbstractContextManager[Progress]):
    """Shows progress and the log within, or nothing."""

    def __init__(self, verbose: bool) -> None:
        self._verbose, self._stack = verbose, ExitStack()

    def __enter__(self) -> Progress:
        logger = tf.get_logger()
        self._stack.callback(logger.setLevel, logger.level)
        logger.setLevel("ERROR")  # it warns of graphs that are traced again, which is meant here
        if not self._verbose:
            return Progress()
        self._stack.enter_context(log_shown())
        return self._stack.enter_context(progress_line())

    def __exit__(self, *raised: object) -> None:
        self._stack.close()


def _distinct(labels: Any) -> list[Any]:
    """The classes among labels as `fit` takes them, each once."""
    if is_multi_label(labels):
        return list({value for row in label_values(labels) for value in row})
    return list(np.unique(np.asarray(labels)))


def _holds_paths(images: Any) -> bool:
    return isinstance(images, str | Path) or is_paths(images)


def _paths(images: Any) -> list[Path]:
    return [Path(images)] if isinstance(images, str | Path) else [Path(str(path)) for path in images]


def _check_read(images: Sequence[Any] | np.ndarray, problems: Sequence[str]) -> None:
    """Raise ValueError, in one sentence, for the first image that could not be read."""
    bad = [place for place, problem in enumerate(problems) if problem]
    if bad:
        raise ValueError(
            f"{images[bad[0]]} cannot be read: {problems[bad[0]]} ({counted(len(bad), 'such file')}). "
            "Leave it out, or call predictions(), which gives the reasons."
        )


def _signature() -> inspect.Signature:
    """That of the constructor, with every option, for help() and completion."""
    kind = inspect.Parameter.KEYWORD_ONLY
    options = [inspect.Parameter(name, kind, default=value) for name, value in DEFAULTS.items()]
    return inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD), *options])


ImageClassifier.__init__.__signature__ = _signature()  # type: ignore[attr-defined]
