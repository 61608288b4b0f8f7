"""The head of a run's classifier, fitted to its optimum before the first epoch."""

import logging
from dataclasses import dataclass

import numpy as np

from imgcls.config import TrainConfig
from imgcls.training.run_output import RunOutput
from imgcls.training.trainer import Trainer
from imgcls.training.training_data import TrainingData
from imgcls.training.transfer.frozen_features import FrozenFeatures
from imgcls.training.transfer.head import head_examples, head_folds, kernel_and_bias, sentence
from imgcls.training.transfer.logistic_regression import Examples, Head, fit_head

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FittedHead:
    """A fitted head.

    Attributes:
        head: with its facts.
        validation: (N, F) features of the validation images.
    """

    head: Head
    validation: np.ndarray

    @property
    def metrics(self) -> dict[str, float]:
        """Loss and accuracy on the images that it was fitted on, and its penalty."""
        return {"loss": self.head.loss, "accuracy": self.head.accuracy, "penalty": self.head.penalty}


def fit_run_head(
    config: TrainConfig, data: TrainingData, features: FrozenFeatures, trainer: Trainer, output: RunOutput
) -> FittedHead:
    """Fit the head on the features of the training images, and give it to the classifier.

    Args:
        config: of the run.
        data: its images.
        features: of these.
        trainer: has the classifier.
        output: receives the progress; what it raises ends the fit.
    """
    views, validation = features.of_splits()
    examples = _examples(config, data, views)
    head = fit_head(examples, lambda what: output.progress(f"Fitting the head {what}", 0, 1))
    layer = trainer.model.get_layer("logits")
    for variable, value in zip((layer.kernel, layer.bias), kernel_and_bias(trainer.model, head), strict=True):
        variable.assign(trainer.workers.as_first_has(value))
    log.info("%s", sentence(head, len(views)))
    return FittedHead(head, validation)


def _examples(config: TrainConfig, data: TrainingData, views: list[np.ndarray]) -> Examples:
    folds = head_folds(data.manifest, config.training.seed)
    return head_examples(
        views,
        data.labels,
        folds,
        data.balance,
        smoothing=config.training.label_smoothing,
        positive_weights=data.positive_weights,
    )
