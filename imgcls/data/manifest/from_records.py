"""Between manifests and records: what other tools have no column for stands among the attributes, and comes back."""

import json
from typing import Any

import pandas as pd

from imgcls.data.manifest.table import Manifest
from imgcls.labels.records import BOX, LABELLED_BOX, LEFT_OUT, Problems, Records, attributes_text, typed

FLAGS = ("difficult", "crowd", "occluded", "truncated")
OWN = {"group": str, "agreement": float}  # columns of the manifest that travel among the attributes


def with_flags(rows: pd.DataFrame) -> pd.DataFrame:
    """Records with their flags, such as difficult, among the attributes."""
    rows = rows.copy()
    marked = rows[list(FLAGS)].any(axis=1)
    rows.loc[marked, "attributes"] = [
        attributes_text(_stated(row.attributes) | {flag: True for flag in FLAGS if getattr(row, flag)})
        for row in rows[marked].itertuples()
    ]
    return rows


def restore_columns(rows: pd.DataFrame) -> pd.DataFrame:
    """Records with the columns of a manifest that `to_records` put among their attributes."""
    rows = rows.copy()
    ours = rows["attributes"].str.contains('"group"|"agreement"')
    stated = {row: json.loads(text) for row, text in rows.loc[ours, "attributes"].items()}
    for column, kind in OWN.items():
        having = [row for row, attributes in stated.items() if isinstance(attributes.get(column), kind)]
        values = {row: stated[row].pop(column) for row in having}
        rows[column] = pd.Series(values, dtype=object).reindex(rows.index)
    rows.loc[ours, "attributes"] = [attributes_text(attributes) for attributes in stated.values()]
    return rows


def to_records(manifest: Manifest) -> Records:
    """The usable rows of a manifest as records, a row for each label of an image, with the boxes that were labelled.

    Returns:
        The records. Their problems table names the images with a problem.
    """
    problems = Problems()
    unused = manifest.table[manifest.table["problems"] != ""]
    problems.extend(unused["image"], [""] * len(unused), unused["problems"], LEFT_OUT)
    rows = (
        manifest.usable.drop(columns="label")
        .explode("labels")
        .rename(columns={"labels": "label", "annotators": "annotator"})
        .fillna({"label": ""})
    )
    has_margin = rows[LABELLED_BOX].notna().all(axis=1)
    rows.loc[has_margin, BOX] = rows.loc[has_margin, LABELLED_BOX].to_numpy()
    attributes = [_stated(text) for text in rows["attributes"]]
    for flag in FLAGS:
        rows[flag] = [bool(stated.pop(flag, False)) for stated in attributes]
    for column in OWN:
        for stated, value in zip(attributes, rows[column], strict=True):
            stated |= {} if pd.isna(value) or value == "" else {column: value}
    rows["attributes"] = [attributes_text(stated) for stated in attributes]
    return Records(typed(rows.reset_index(drop=True)), problems.table(), manifest.root)


def _stated(attributes: str) -> dict[str, Any]:
    return json.loads(attributes) if attributes else {}
