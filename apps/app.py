"""From labelled images to a classifier, in the browser: streamlit run apps/app.py -- [--root FOLDER]

Projects are kept in the folder that the app is started in. --root names the folder that the app may read (by default
the same), and --allow-network-files lets its users run Python files as networks: see `parts.allowed_paths`. What every
page has around it is in shell.py.
"""

import streamlit as st
from images.routes import ROUTES

app = st.App("shell.py", routes=ROUTES)
