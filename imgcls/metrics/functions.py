"""Each metric as a function of the predictions. `table` has the row of each."""

from typing import TYPE_CHECKING

from imgcls.metrics.predictions import Predictions

if TYPE_CHECKING:
    import numpy as np

TOP = 5  # classes with the highest scores, among which top-5 accuracy looks for the label


def _mean(values: "np.ndarray") -> float | None:
    """The mean of what is no NaN; None if there is nothing."""
    import numpy as np

    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else None


def right(predictions: Predictions) -> "np.ndarray":
    """(N,) bool; whether the class of each image is predicted: of several classes, all of them and no other."""
    import numpy as np

    found: np.ndarray = predictions.predicted == predictions.labels
    return np.asarray(found.all(axis=1)) if predictions.is_multi_label else found


def accuracy(predictions: Predictions) -> float:
    """Share of the images that are right: of several labels, all of them (subset accuracy)."""
    return float(right(predictions).mean())


def balanced_accuracy(predictions: Predictions) -> float:
    """Mean recall over the classes that appear, also called macro recall.

    Reference:
        Brodersen et al., The Balanced Accuracy and Its Posterior Distribution, 2010.
    """
    there = predictions.support > 0
    return float((predictions.correct[there] / predictions.support[there]).mean())


def macro_precision(predictions: Predictions) -> float | None:
    """Mean precision over the classes that appear; that of a class that is never predicted counts as 0."""
    there = predictions.support > 0
    return _mean(predictions.correct[there] / predictions.predicted_support[there].clip(1))


def macro_recall(predictions: Predictions) -> float | None:
    """Mean recall over the classes that appear."""
    there = predictions.support > 0
    return _mean(predictions.correct[there] / predictions.support[there])


def macro_f1(predictions: Predictions) -> float | None:
    """Mean over the classes that appear of F1, the harmonic mean of precision and recall."""
    there = predictions.support > 0
    sums = predictions.support + predictions.predicted_support
    return _mean(2 * predictions.correct[there] / sums[there])


def micro_f1(predictions: Predictions) -> float | None:
    """F1 of all labels of all images together: 2 * correct / (labels + predicted labels)."""
    labels = int(predictions.support.sum() + predictions.predicted_support.sum())
    return float(2 * predictions.correct.sum() / labels) if labels else None


def label_errors(predictions: Predictions) -> "np.ndarray":
    """(N,) share of the classes that are wrong for each image: predicted without being its own, or the reverse."""
    wrong: np.ndarray = predictions.targets != predictions.predicted
    found: np.ndarray = wrong.mean(axis=1)
    return found


def hamming_loss(predictions: Predictions) -> float:
    """Share of the labels, one for each image and class, that are wrong."""
    return float(label_errors(predictions).mean())


def among_the_top_5(predictions: Predictions) -> "np.ndarray":
    """(N,) bool; whether the class of each image is among the five with the highest scores."""
    above = predictions.scores > predictions.of_labels(predictions.scores)[:, None]
    found: np.ndarray = above.sum(axis=1) < TOP
    return found


def top_5_accuracy(predictions: Predictions) -> float:
    """Share of the images whose class is among the five with the highest scores."""
    return float(among_the_top_5(predictions).mean())


def macro_average_precision(predictions: Predictions) -> float | None:
    """Mean over the classes that appear of the average precision: the usual mAP where an image has several classes."""
    return _mean(predictions.average_precisions)


def macro_roc_area(predictions: Predictions) -> float | None:
    """Mean over the classes of the area under the ROC curve of the class against all others.

    Reference:
        Fawcett, An Introduction to ROC Analysis, 2006.
    """
    return _mean(predictions.roc_areas)


def cohen_kappa(predictions: Predictions) -> float | None:
    """The share of agreement beyond that by chance: 1 is perfect, 0 is no better than chance.

    Reference:
        Cohen, A Coefficient of Agreement for Nominal Scales, 1960.
    """
    total = len(predictions)
    by_chance = float((predictions.support / total) @ (predictions.predicted_support / total))
    return (accuracy(predictions) - by_chance) / (1 - by_chance) if by_chance < 1 else None


def matthews_coefficient(predictions: Predictions) -> float | None:
    """The correlation of the labels and the predicted classes: 1 is perfect, 0 is no better than chance.

    None if all images are of one class, or if one class is predicted for all.

    Reference:
        Gorodkin, Comparing Two K-Category Assignments by a K-Category Correlation Coefficient, 2004.
    """
    labels, predicted = predictions.support.astype(float), predictions.predicted_support.astype(float)
    square = len(predictions) ** 2
    spread = (square - labels @ labels) * (square - predicted @ predicted)
    common = len(predictions) * float(predictions.correct.sum()) - labels @ predicted
    return float(common / spread**0.5) if spread > 0 else None


def cross_entropies(predictions: Predictions) -> "np.ndarray":
    """(N,) -ln(probability of the true class) of each image; of several classes, the mean over all classes."""
    import numpy as np

    if predictions.log_complements is None:
        return -predictions.of_labels(predictions.log_probabilities)
    chosen = np.where(predictions.labels, predictions.log_probabilities, predictions.log_complements)
    return np.asarray(-chosen.mean(axis=1))


def cross_entropy(predictions: Predictions) -> float:
    """Mean of -ln(probability of the true class): the cross-entropy, which scikit-learn calls log loss.

    Where an image may have several classes: the binary cross-entropy, whose mean is over images and classes.
    """
    return float(cross_entropies(predictions).mean())


def squared_errors(predictions: Predictions) -> "np.ndarray":
    """(N,) squared distance of the probabilities from the truth of each image, in [0, 2]; see `brier_score`."""
    import numpy as np

    probabilities = np.exp(predictions.log_probabilities)
    if predictions.is_multi_label:
        return np.asarray(((probabilities - predictions.labels) ** 2).mean(axis=1))
    lengths = np.einsum("ij,ij->i", probabilities, probabilities)
    return np.asarray(lengths + 1 - 2 * predictions.of_labels(probabilities))


def brier_score(predictions: Predictions) -> float:
    """Mean squared distance of the probabilities from the true class, in [0, 2].

    Where an image may have several classes, the mean is over images and classes, in [0, 1].

    Reference:
        Brier, Verification of Forecasts Expressed in Terms of Probability, 1950.
    """
    return float(squared_errors(predictions).mean())
