"""From labelled images to a classifier, in the browser: streamlit run apps/app.py -- [--root FOLDER]

Projects are kept in the folder that the app is started in. --root names the folder that the app may read (by default
the same), and --allow-network-files lets its users run Python files as networks: see `safety.allowed_paths`. With the
environment variable IMGCLS_PASSWORD it asks for a password. What every page has around it is in shell.py.
"""

import pyarrow
import streamlit as st
from images.routes import ROUTES
from safety import account_gate, page_after_login, password

pyarrow.set_memory_pool(pyarrow.system_memory_pool())  # gives back what a table took; the default keeps it
in_front = [*password.middleware(), *account_gate.middleware(), *page_after_login.middleware()]
app = st.App("shell.py", routes=ROUTES, middleware=in_front)
