"""From labelled images to a classifier, in the browser: streamlit run apps/app.py

Runs, manifests and uploads are kept in the folder that the app is started in.
"""

import streamlit as st
from parts.errors import explained

st.set_page_config(page_title="imgcls", page_icon=":material/image_search:", layout="centered")
page = st.navigation(
    [
        st.Page("views/labels.py", title="1 Labels", icon=":material/label:", url_path="labels", default=True),
        st.Page("views/train.py", title="2 Train", icon=":material/model_training:", url_path="train"),
        st.Page("views/predict.py", title="3 Predict", icon=":material/image_search:", url_path="predict"),
    ],
    position="top",
)
with explained():
    page.run()
