"""Labels: from labelled images in any format to a manifest."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from parts import allowed_paths
from parts.audit_panel import show_audit
from parts.boxed_images import show_boxes
from parts.charts import MOST_BARS, class_counts
from parts.errors import explained
from parts.gallery import rows_of_images
from parts.label_source import LabelSource, choose
from parts.launches import check_name
from parts.library import load_library

from imgcls.counted import counted
from imgcls.data.audit import Finding
from imgcls.data.audit.cleaning import clean
from imgcls.data.images.encoded import file_of
from imgcls.data.manifest.table import Manifest, a_row_a_label
from imgcls.data.manifest.trainable import check_trainable
from imgcls.data.sources.cards import Card, save_card
from imgcls.data.sources.importing import Imported, import_manifest
from imgcls.data.sources.load import source_of
from imgcls.labels.records import BOX, LEFT_OUT, Problems

MANIFESTS = Path("manifests")
DROPPED = "neither an image nor an annotation file by its name; an upload keeps nothing else"
CLASSES_A_PAGE, IMAGES_A_CLASS = 12, 7


def look(chosen: LabelSource) -> tuple[Manifest, Imported, list[Finding], pd.Series]:
    """Read the labels, open every image once, with a bar that grows, and compare the images with each other.

    Returns:
        The manifest, how it was imported, what the audit found, and which images are copies of each other.
    """
    with st.spinner("Reading the labels"):
        imported = import_manifest(*source_of(chosen.source, chosen.labels))
    allowed_paths.check_images(imported.manifest, chosen.source)
    imported = with_dropped(imported, chosen.dropped)
    load_library()
    from imgcls.data.audit import find_problems
    from imgcls.data.duplicates.near_duplicates import find_copies
    from imgcls.data.inspection.inspect import inspect

    total = len(imported.manifest.table)
    bar = st.progress(0.0, text=f"Opening {counted(total, 'image')}")

    def on_progress(done: int) -> None:
        if done % max(1, total // 100) == 0:
            bar.progress(done / total, text=f"Opened {done:,} of {counted(total, 'image')}")

    manifest = inspect(imported.manifest, on_progress, again=True)
    bar.empty()
    with st.spinner("Comparing the images with each other"):
        copies = find_copies(manifest)
        return manifest, imported, find_problems(manifest, copies, imported.problems), copies.groups


def with_dropped(imported: Imported, files: Sequence[str]) -> Imported:
    """The same, with the uploaded files that were not kept among what was left out."""
    problems = Problems()
    problems.extend(files, [""] * len(files), [DROPPED] * len(files), LEFT_OUT)
    return replace(imported, problems=pd.concat([problems.table(), imported.problems], ignore_index=True))


def show(manifest: Manifest, imported: Imported, findings: list[Finding]) -> None:
    """Show what is in the images: figures, what cannot be used, the classes, the audit, and some of the images."""
    counts, problems = manifest.counts(), manifest.problems
    st.subheader("What is there")
    with st.container(horizontal=True):
        st.metric("Images", f"{manifest.usable['image'].nunique():,}", width=120)
        if len(manifest.usable) != manifest.usable["image"].nunique():
            st.metric("Boxes", f"{len(manifest.usable):,}", width=120)
        st.metric("Classes", f"{len(counts):,}", width=120)
        st.metric("Files that cannot be used", f"{len(problems):,}", width=220)
    if len(problems):
        st.warning(
            f"{len(problems):,} of {counted(len(manifest.table), 'file')} cannot be used, and left out of training."
        )
        st.dataframe(problems.rename(columns={"image": "file", "problems": "reason"}), hide_index=True)
    show_reported(imported.problems)
    if len(counts) > MOST_BARS:
        st.dataframe(counts)
    elif len(counts):
        st.altair_chart(class_counts(counts))
    if "unsplit" in counts:
        st.caption("The source names no splits: training divides each class into training, validation and test images.")
    if imported.consensus:
        show_annotators(imported)
    show_audit(manifest, findings)
    if imported.records is not None:
        show_boxes(imported.records)
    if len(counts):
        show_images(manifest)


def show_reported(reported: pd.DataFrame) -> None:
    """What was wrong in the annotation files."""
    if reported.empty:
        return
    lost = int((reported["effect"] == "left out").sum())
    (st.warning if lost else st.info)(f"Reported about the annotations: {len(reported):,}. Left out of them: {lost:,}.")
    st.dataframe(reported, hide_index=True)


def show_annotators(imported: Imported) -> None:
    """Show how far each annotator can be trusted."""
    st.subheader("Who labelled")
    share = imported.consensus.needing_another
    st.write(f"{100 * share:.1f} % of the images need one more opinion.")
    shares = {name: st.column_config.NumberColumn(format="percent") for name in ("agreement", "skill")}
    st.dataframe(imported.consensus.annotators.sort_values("skill", ascending=False), column_config=shares)


def show_images(manifest: Manifest) -> None:
    """Show a few images of each class, a page of classes at a time."""
    st.subheader("A few images of each class")
    usable = manifest.usable
    labels = a_row_a_label(usable)
    names = sorted(labels.unique())
    pages = -(-len(names) // CLASSES_A_PAGE)
    page = st.pagination(pages) if pages > 1 else 1
    rows = []
    for name in names[(page - 1) * CLASSES_A_PAGE : page * CLASSES_A_PAGE]:
        examples = usable.loc[labels.index[labels == name]]
        drawn = examples.iloc[np.unique(np.linspace(0, len(examples) - 1, IMAGES_A_CLASS).astype(int))]
        boxes = drawn[BOX].itertuples(index=False, name=None)
        images = [(p, box) for p, box in zip(manifest.paths(drawn), boxes, strict=True) if file_of(p).is_file()]
        one, many = ("box", "boxes") if examples[BOX].notna().all(axis=None) else ("image", "images")
        rows.append((name, f"{len(examples):,} {one if len(examples) == 1 else many}", images))
    with st.spinner("Drawing the images"):
        rows_of_images(rows)


def save(manifest: Manifest, copies: pd.Series, source: str) -> None:
    """Ask for a name and save the manifest, cleaned on request.

    Raises:
        ValueError: The name cannot name a file.
    """
    st.subheader("Save it")
    if st.checkbox("Clean it (--fix): leave out copies and what cannot be used, and give each class one name"):
        manifest, effects = clean(manifest, copies)
        st.caption(f"{counted(len(manifest.table), 'example')} left. Changed or left out: {len(effects):,}.")
        if len(effects):
            st.dataframe(effects, hide_index=True)
    try:
        check_trainable(manifest, divided=False)
    except ValueError as error:
        st.error(f"A classifier cannot be trained on this yet. {error}")
        return
    proposed = re.sub(r"[^\w-]+", "_", Path(source).stem).strip("_") or "images"
    name = st.text_input("Name of the manifest", proposed, help="A manifest is a table of the images and their labels.")
    file = MANIFESTS / f"{name.strip()}.parquet"
    saved = st.session_state.get("saved") == str(file)
    if file.parent == MANIFESTS and file.is_file() and not saved:
        st.caption(f"There is a manifest {file} already; saving replaces it.")
    if st.button("Save manifest", type="secondary" if saved else "primary", key="save"):
        check_name(name.strip())
        manifest.save(file)
        st.session_state["saved"] = str(file)
        st.rerun()
    if saved:
        st.success(f"Saved to {file}. Next: train a classifier on it.")
        if st.button("Go on to Train", type="primary", icon=":material/arrow_forward:"):
            st.switch_page("views/train.py", query_params={"data": str(file)})
        with st.expander("Give it a data set card", icon=":material/badge:"):
            ask_card(file)


def ask_card(manifest_file: Path) -> None:
    """A card makes the manifest known by name, with its licence, to every command."""
    name = st.text_input("Name of the data set", manifest_file.stem)
    title = st.text_input("Title", placeholder="500 photos of wild flowers")
    licence = st.text_input("Licence", placeholder="CC BY 4.0", help="What others may do with the images.")
    if st.button("Save card"):
        if not title.strip() or not licence.strip():
            raise ValueError("A card needs a title and a licence. Write 'not stated' where you do not know it.")
        path = save_card(Card(name.strip(), title.strip(), str(manifest_file), licence.strip()))
        st.success(f"Saved to {path}. `python -m imgcls.train --data {name.strip()}` trains on it.")


st.title("Labels")
st.write("Choose labelled images, see what is in them, and save the table that training reads.")
with explained():
    chosen = choose()
    if chosen:
        st.session_state.pop("looked", None)
        st.session_state.pop("saved", None)
        st.session_state["looked"] = (*look(chosen), chosen.source)
if "looked" in st.session_state:
    manifest, imported, findings, copies, source = st.session_state["looked"]
    with explained():
        show(manifest, imported, findings)
    with explained():
        save(manifest, copies, source)
