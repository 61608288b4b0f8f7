"""Which model is asked: a run, an exported model, ImageNet's weights, or a server."""

import streamlit as st
from jobs.known_models import list_models
from projects.models import BUNDLE, RUN, SERVER, Model
from projects.project import Project

from imgcls.serving.client.address import parse_address
from parts.addressed import addressed, is_from_elsewhere, keep_field, missing
from parts.opened import link
from parts.plain import plain

ASK_SERVER = "server:"  # in the address while no server is named yet
ADDRESS = "server address"
TOKEN = "server token"  # in the session alone: it is written nowhere
EXAMPLE = "http://127.0.0.1:8501/v1/models/flowers"


def choose_model(project: Project, before: Model | None) -> Model | None:
    """Ask for the model; the one that the address names comes first, then that of the answer that is shown.

    Returns:
        The model; None while the address of a server is missing, or the model that the page's address names is gone.

    Raises:
        ValueError: What was typed is no address, or names no model.
    """
    known = {model.name: model for model in list_models(project)}
    if not any(model.run for model in known.values()):
        st.info("No model of this project is trained yet: train one, or try one that knows 1,000 everyday things.")
        link("train", project, "Train a model")
    names = [*known, ASK_SERVER]
    usual = _option(before.name) if before else ""
    gone, is_new = missing("model", names, _option), is_from_elsewhere("model")
    key = addressed("model", names, None if gone else usual if usual in names else names[0], _option)
    name = st.selectbox("Model", names, key=key, format_func=lambda each: _title(known, each), placeholder="Choose one")
    if name is None:
        st.warning(f"{_title_of(gone)} is not there any more. Choose another model.")
        return None
    if name == ASK_SERVER:
        return _server(before, is_new)
    keep_field("model", name)
    return known[name]


def server_token() -> str:
    """The token of the server that is asked, as it was typed in this session; empty where it has none."""
    return str(st.session_state.get(TOKEN, ""))


def _option(asked: str) -> str:
    """Every server is one option."""
    return ASK_SERVER if asked.startswith(ASK_SERVER) else asked


def _title(known: dict[str, Model], name: str) -> str:
    return known[name].title if name in known else "A server elsewhere"


def _title_of(gone: str) -> str:
    kind, _, source = gone.partition(":")
    return plain(Model(kind, source).title) if kind in (RUN, BUNDLE) else "The model that the address names"


def _server(before: Model | None, is_new: bool) -> Model | None:
    left, right = st.columns([2, 1])
    if ADDRESS not in st.session_state or is_new:
        asked = st.query_params.get("model") or (before.name if before else "")
        st.session_state[ADDRESS] = asked.removeprefix(ASK_SERVER) if asked.startswith(ASK_SERVER) else ""
    address = left.text_input("Address of the model on the server", key=ADDRESS, placeholder=EXAMPLE).strip()
    right.text_input("Its password (token), if it has one", type="password", key=TOKEN)
    keep_field("model", f"{ASK_SERVER}{address}")
    if not address:
        st.caption("The address ends with the name of the model, as the server prints it when it starts.")
        return None
    _check(address)
    return Model(SERVER, address)


def _check(address: str) -> None:
    try:
        found = parse_address(address)
    except ValueError as error:
        raise ValueError(f"{address} is no address of a server. Expected one such as {EXAMPLE}.") from error
    if not found.model:
        ending = "/NAME" if found.is_grpc else "/v1/models/NAME"
        raise ValueError(f"{address} names no model. Add {ending} to it, with the model's name in place of NAME.")
