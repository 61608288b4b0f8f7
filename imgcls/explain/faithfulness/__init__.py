"""Whether a heat map is to be believed: deletion and insertion, and the check with random weights."""

from imgcls.explain.faithfulness.deletion import Curves, deletion_and_insertion, explained_scores, pixel_order
from imgcls.explain.faithfulness.faithfulness import Areas, Faithfulness
from imgcls.explain.faithfulness.judging import HeatmapJudge, judge_heatmaps
from imgcls.explain.faithfulness.randomization import likeness, random_network
from imgcls.explain.faithfulness.references import centered_blob, scrambled

__all__ = [
    "Areas",
    "Curves",
    "Faithfulness",
    "HeatmapJudge",
    "centered_blob",
    "deletion_and_insertion",
    "explained_scores",
    "judge_heatmaps",
    "likeness",
    "pixel_order",
    "random_network",
    "scrambled",
]
