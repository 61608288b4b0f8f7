"""Which model: a run, a bundle, or published ImageNet weights."""

from pathlib import Path

import streamlit as st

from parts import allowed_paths
from parts.library import imagenet_model_names, modified

RUNS, BUNDLES = Path("runs"), Path("saved_models")


def choose_model() -> str:
    """Ask for the model; the one that the address names comes first, then the latest runs."""
    runs = sorted(str(path.parent) for path in RUNS.glob("*/model.keras"))
    bundles = sorted(str(path) for path in BUNDLES.glob("*") if allowed_paths.is_allowed(path) and modified(path))
    known = {
        **{path: f"Run {Path(path).name}" for path in runs if modified(Path(path))},
        **{path: f"Bundle {Path(path).name}" for path in bundles},
        **{name: f"{name}: the 1,000 classes of ImageNet" for name in imagenet_model_names()},
    }
    asked = st.query_params.get("model", "")
    if not runs and not bundles:
        st.info("There is no model of your own yet: train one, or try one with ImageNet's 1,000 everyday classes.")
        if st.button("Go to Train", icon=":material/arrow_back:"):
            st.switch_page("views/train.py")
    return st.selectbox(
        "Model", list(known), list(known).index(asked) if asked in known else 0, format_func=known.__getitem__
    )
