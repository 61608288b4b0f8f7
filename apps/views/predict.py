"""Predict: name what is on images, with a model of the project, ImageNet's weights, or a server elsewhere."""

import streamlit as st
from parts.errors import explained
from parts.opened import keep, the_project
from parts.predict.add_to_data import show_add_to_data
from parts.predict.answer import show_answer, threshold
from parts.predict.drop_zone import ask_for_pictures
from parts.predict.earlier import show_earlier, show_head
from parts.predict.model_choice import choose_model
from parts.predict.naming import name_waiting
from projects.answers import Answer, open_answer
from projects.project import Project


def shown_answer(project: Project) -> Answer | None:
    """The answer that the address names; one that is gone is said, and taken out of the address."""
    asked = st.query_params.get("answer")
    try:
        return open_answer(project, asked) if asked else None
    except ValueError as error:
        keep(answer=None)
        st.warning(str(error))
        return None


project = the_project()
st.title("Predict")
answer = shown_answer(project)
with explained():
    model = choose_model(project, answer.model if answer else None)
    if model:
        ask_for_pictures(project, model, answer)
with explained():
    if answer:
        show_head(project, answer)
        name_waiting(answer, threshold(project, answer))
        if show_answer(project, answer):
            show_add_to_data(project, answer)
with explained():
    show_earlier(project, answer)
