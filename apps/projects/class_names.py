"""The classes of images as text."""

import numpy as np
import pandas as pd


def joined_names(table: pd.DataFrame) -> pd.Series:
    """The class of each row of a manifest's table; of several, all of them with commas between."""
    names = table["label"].to_numpy(object, copy=True)
    for place in np.flatnonzero(table["labels"].str.len() > 1):
        names[place] = ", ".join(table["labels"].iat[place])
    return pd.Series(names, table.index, dtype=object)
