"""Labels: from a folder of images to a manifest."""

import re
from pathlib import Path

import numpy as np
import streamlit as st
from parts.charts import MOST_BARS, class_counts
from parts.errors import explained
from parts.gallery import rows_of_pictures
from parts.launches import check_name
from parts.library import load_library
from parts.uploads import save_folder

from imgcls.data.cards import list_cards, load_card
from imgcls.data.manifest import Manifest, check_trainable
from imgcls.data.sources import load_manifest

MANIFESTS = Path("manifests")
MOST_MEGABYTES = 100  # a file
CLASSES_A_PAGE, PICTURES_A_CLASS = 12, 7
SAMPLE, FOLDER, UPLOAD = "A data set that is here", "A folder on this machine", "Upload a folder"


def choose() -> str:
    """Ask where the images are; returns what `load_manifest` takes once the button was pressed, else nothing."""
    way = st.radio("Where are the images?", [SAMPLE, FOLDER, UPLOAD], horizontal=True)
    source, uploaded = "", []
    if way == SAMPLE:
        source = choose_card()
    elif way == FOLDER:
        source = st.text_input("Folder", placeholder="/data/photos", help="A path on the machine that runs this app.")
    else:
        uploaded = st.file_uploader("Folder", accept_multiple_files="directory", max_upload_size=MOST_MEGABYTES)
        if uploaded:
            st.caption(f"{len(uploaded):,} files have arrived.")
    if way != SAMPLE:
        st.caption(
            "One folder of images a class, such as `cat/1.jpg` and `dog/1.jpg`. Where there are `train`, `validation` "
            "and `test` folders above them, they are kept. Your files are never moved or changed."
        )
    if not st.button("Look at the images", type="primary"):
        return ""
    if way == UPLOAD:
        return str(save_folder(uploaded))
    if not source.strip():
        raise ValueError("There is no folder to look at. Type the path of one.")
    return str(Path(source.strip()).expanduser()) if way == FOLDER else source


def choose_card() -> str:
    cards = list_cards()
    if not cards:
        st.info("There are no data set cards in datasets/. Choose a folder instead.")
        return ""
    name = st.selectbox("Data set", sorted(cards))
    card = load_card(name)
    st.caption(f"{card.title}. Licence: {card.licence}.")
    return name


def look(source: str) -> Manifest:
    """Open every image once, with a bar that grows."""
    manifest = load_manifest(source)
    load_library()
    from imgcls.data.inspection import inspect

    total = len(manifest.table)
    bar = st.progress(0.0, text=f"Opening {total:,} images")

    def on_progress(done: int) -> None:
        if done % max(1, total // 100) == 0:
            bar.progress(done / total, text=f"Opened {done:,} of {total:,} images")

    manifest = inspect(manifest, on_progress)
    bar.empty()
    return manifest


def show(manifest: Manifest) -> None:
    counts, problems = manifest.counts(), manifest.problems
    st.subheader("What is there")
    with st.container(horizontal=True):
        st.metric("Images", f"{len(manifest.usable):,}", width=150)
        st.metric("Classes", f"{len(counts):,}", width=150)
        st.metric("Files that cannot be used", f"{len(problems):,}", width=220)
    if len(problems):
        st.warning(f"{len(problems):,} of {len(manifest.table):,} files cannot be used. They are left out of training.")
        st.dataframe(problems.rename(columns={"image": "file", "problems": "reason"}), hide_index=True)
    if len(counts) > MOST_BARS:
        st.dataframe(counts)
    elif len(counts):
        st.altair_chart(class_counts(counts))
    if "unsplit" in counts:
        st.caption("The folders name no splits: training divides each class into training, validation and test images.")
    if len(counts):
        show_pictures(manifest)


def show_pictures(manifest: Manifest) -> None:
    st.subheader("A few pictures of each class")
    usable = manifest.usable
    names = sorted(usable["label"].unique())
    pages = -(-len(names) // CLASSES_A_PAGE)
    page = st.pagination(pages) if pages > 1 else 1
    rows = []
    for name in names[(page - 1) * CLASSES_A_PAGE : page * CLASSES_A_PAGE]:
        images = usable[usable["label"] == name]
        drawn = np.unique(np.linspace(0, len(images) - 1, PICTURES_A_CLASS).astype(int))
        paths = [path for path in manifest.paths(images.iloc[drawn]) if path.is_file()]
        rows.append((name, f"{len(images):,} images", paths))
    with st.spinner("Drawing the pictures"):
        rows_of_pictures(rows)


def save(manifest: Manifest, source: str) -> None:
    st.subheader("Save it")
    try:
        check_trainable(manifest, divided=False)
    except ValueError as error:
        st.error(f"A classifier cannot be trained on this yet. {error}")
        return
    proposed = re.sub(r"[^\w-]+", "_", Path(source).stem).strip("_") or "images"
    name = st.text_input("Name of the manifest", proposed, help="A manifest is a table of the images and their labels.")
    file = MANIFESTS / f"{name.strip()}.parquet"
    saved = st.session_state.get("saved") == str(file)
    if file.is_file() and not saved:
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


st.title("Labels")
st.write("Choose labelled images, see what is in them, and save the table that training reads.")
with explained():
    chosen = choose()
    if chosen:
        st.session_state.pop("looked", None)
        st.session_state.pop("saved", None)
        st.session_state["looked"] = (look(chosen), chosen)
if "looked" in st.session_state:
    with explained():
        show(st.session_state["looked"][0])
    with explained():
        save(*st.session_state["looked"])
