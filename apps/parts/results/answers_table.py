"""What a run answers for each image of the test, as a table for people."""

import numpy as np
import pandas as pd
from projects.judged_run import JudgedRun

DIGITS = 6  # of a probability
BETWEEN = ", "  # several classes of one image


def answers_table(judged: JudgedRun) -> pd.DataFrame:
    """A row for each test image.

    Returns:
        The columns image, label, answer, right ("yes" or "no") and probability, then the probability of each class, in
        [0, 1]; two columns that would have one name are told apart by the word class.
    """
    table, answers = judged.table, judged.answers
    names = np.array(table.class_names, object)
    found = pd.DataFrame(
        {
            "image": table.rows["image"].to_numpy(),
            "label": [BETWEEN.join(names[own]) for own in table.targets],
            "answer": [BETWEEN.join(names[given]) for given in answers.given],
            "right": np.where(answers.right, "yes", "no"),
            "probability": answers.confidence.round(DIGITS),
        }
    )
    columns = [f"class {name}" if name in found else name for name in table.class_names]
    each = pd.DataFrame(table.probabilities.astype(float).round(DIGITS), columns=columns)
    return pd.concat([found, each], axis=1)
