"""How many answers are wrong, if only the surest images are answered: the risk-coverage curve."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from imgcls.evaluation.prediction_table import PredictionTable

SHOWN_POINTS = 200  # of the curve


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """How many answers are wrong, if only so many images are answered, the surest first.

    Attributes:
        coverage: (M,) the share of the images that is answered, rising to 1.
        risk: (M,) the share of the answers that is wrong.
        area: Under the curve: the mean risk over all shares; the lower, the better it knows when it is wrong.
        least_area: Of an order that has every mistake at the end.
        error: The share that is wrong if all images are answered.
    """

    coverage: np.ndarray
    risk: np.ndarray
    area: float
    least_area: float
    error: float

    @property
    def shown(self) -> np.ndarray:
        """(P,) the places of the points that are drawn and kept: at most `SHOWN_POINTS`, evenly spaced."""
        count = len(self.coverage)
        return np.unique(np.linspace(0, count - 1, min(count, SHOWN_POINTS)).round().astype(int))

    def to_dict(self) -> dict[str, object]:
        """As evaluation.json holds it, at no more than `SHOWN_POINTS` points."""
        return {
            "area": self.area,
            "least_area": self.least_area,
            "error": self.error,
            "coverage": [round(float(value), 6) for value in self.coverage[self.shown]],
            "risk": [round(float(value), 6) for value in self.risk[self.shown]],
        }


def risk_coverage(table: PredictionTable) -> RiskCoverage | None:
    """The curve of risk over coverage; None without images.

    Images of equal confidence share their risk, whatever their order.

    Reference:
        El-Yaniv and Wiener, On the Foundations of Noise-free Selective Classification, 2010; Geifman et al.,
        Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, 2019, for the area.
    """
    if not len(table):
        return None
    total = len(table)
    frame = pd.DataFrame({"confidence": table.confidence, "wrong": ~table.correct})
    even = frame.groupby("confidence")["wrong"].transform("mean").to_numpy(float)
    wrong = even[np.argsort(-table.confidence, kind="stable")]
    answered = np.arange(1, total + 1)
    risk = wrong.cumsum() / answered
    error = float((~table.correct).mean())
    best = np.maximum(answered - round(total * (1 - error)), 0) / answered
    return RiskCoverage(answered / total, risk, float(risk.mean()), float(best.mean()), error)
