"""Train: start a run, follow it, and open or compare earlier ones. The address names the open ones."""

import streamlit as st
from parts.errors import explained
from parts.labelling.leaving import offer_to_save
from parts.opened import keep, the_project
from parts.train.compare import show_comparison
from parts.train.new_run import offer_new_run
from parts.train.run_list import show_runs
from parts.train.run_page import show_run
from parts.train.take_in import offer_to_take_in

project = the_project()
opened, compared = (st.query_params.get(name, "") for name in ("run", "compare"))
if (opened or compared) and st.button("All runs", icon=":material/arrow_back:", type="tertiary"):
    keep(run=None, compare=None)
    st.rerun()
if opened:
    show_run(project, opened)
elif compared:
    show_comparison(project, compared.split(","))
else:
    st.title("Train")
    st.write("Choose how good it shall be, and start. The training goes on when you close this page, or the app.")
    with explained():
        offer_to_save(project)
    with explained():
        offer_new_run(project)
    with explained():
        show_runs(project)
    with explained():
        offer_to_take_in(project)
