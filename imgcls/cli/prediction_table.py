"""The table of what was predicted, as `imgcls.predict` and `imgcls.client` print it."""

from pathlib import Path

import pandas as pd

from imgcls.cli.terminal import percent, say, table

MOST_SHOWN = 20  # rows in the terminal


def show_rows(shown: pd.DataFrame, top: int, *, multi_label: bool, is_judged: bool, output: Path | None = None) -> None:
    """Print the first rows that have no problem.

    Args:
        shown: What `Predictions.table` gives.
        top: How many classes are named in it, or more.
        multi_label: Whether an image has any number of the classes.
        is_judged: Whether there is a decision.
        output: The file or folder that keeps all rows, if any.
    """
    good = shown[shown["problem"] == ""]
    rows = []
    for row in good.head(MOST_SHOWN).to_dict("records"):
        endings = ["", *(f"_{place}" for place in range(2, top + 1))]
        named = [(row[f"class{e}"], row[f"probability{e}"]) for e in endings if f"class{e}" in row]
        first, *others = named
        labels = [row["labels"] or "none"] if multi_label else []
        then = ", ".join(f"{n} {percent(p)}" for n, p in others)
        decision = [row["decision"]] if is_judged else []
        rows.append([row["image"], *labels, first[0], percent(first[1]), then, *decision])
    if rows:
        heads = ["labels", "likeliest"] if multi_label else ["class"]
        columns = ["image", *heads, "probability", "then", *(["decision"] if is_judged else [])]
        table(columns, rows, text_columns=len(columns))
    if len(good) > MOST_SHOWN:
        where = f", in {output}" if output else "; --output predictions.csv keeps them all"
        say(f"... and {len(good) - MOST_SHOWN:,} more{where}.")
