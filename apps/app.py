"""From labelled images to a classifier, in the browser: streamlit run apps/app.py -- [--root FOLDER]

Runs, manifests and uploads are kept in the folder that the app is started in. --root names the folder that the app may
read (by default the same), and --allow-network-files lets its users run Python files as networks: see
`parts.allowed_paths`.
"""

from pathlib import Path

import streamlit as st
from parts import allowed_paths
from parts.errors import explained

ICON = Path(__file__).with_name("icon.svg")  # a :material/...: icon here would be fetched from a font server
st.set_page_config(page_title="imgcls", page_icon=ICON, layout="centered")
page = st.navigation(
    [
        st.Page("views/labels.py", title="1 Labels", icon=":material/label:", url_path="labels", default=True),
        st.Page("views/train.py", title="2 Train", icon=":material/model_training:", url_path="train"),
        st.Page("views/predict.py", title="3 Predict", icon=":material/image_search:", url_path="predict"),
        st.Page("views/explain.py", title="4 Explain", icon=":material/visibility:", url_path="explain"),
    ],
    position="top",
)
with explained():
    allowed_paths.enforce()
    page.run()
