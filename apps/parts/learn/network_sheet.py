"""One network: what it costs, layer by layer, its first filters, and what it makes of one's own image."""

import streamlit as st

from imgcls.counted import counted
from imgcls.models.cost import NetworkCost
from imgcls.models.registry import Architecture, find_architecture, is_foreign
from parts.addressed import addressed, keep_field
from parts.learn.networks import GIGA, MEGA, cost_at, has_weights, layers_table
from parts.learn.own_picture import filters, show_own_picture, show_png
from parts.plain import plain
from parts.theme import is_dark

LEAST, MOST = 8, 1024  # pixels, square


def show_network(name: str) -> None:
    """All that is known of a network.

    Raises:
        ValueError: There is none of that name.
    """
    if name.endswith(".py") or is_foreign(name):
        raise ValueError(f"{name} is no network of this list.")
    architecture = find_architecture(name)
    st.subheader(plain(name), anchor=False)
    if architecture.paper:
        st.caption(f"Published: {architecture.paper}.")
    key = addressed("image", range(LEAST, MOST + 1), architecture.image_size)
    size = int(st.number_input("Height and width of the image in pixels", LEAST, MOST, key=key))
    keep_field("image", str(size) if size != architecture.image_size else None)
    cost = cost_at(name, size)
    show_figures(architecture, cost)
    show_layers(cost)
    show_weights(architecture)


def show_figures(architecture: Architecture, cost: NetworkCost) -> None:
    """What the whole network costs."""
    figures = {
        "Parameters": f"{cost.parameters / MEGA:,.2f} M",
        "Multiply-adds": f"{cost.macs / GIGA:,.3g} G",
        "Outputs of all layers": f"{cost.activation_bytes / MEGA:,.1f} MB",
        "Layers with weights": f"{sum(layer.parameters > 0 for layer in cost.layers):,}",
    }
    if architecture.top1 is not None:
        figures["Accuracy"] = f"{architecture.top1:.1f} %"
    with st.container(horizontal=True):
        for title, figure in figures.items():
            st.metric(title, figure, width="content")
    if architecture.top1 is not None:
        st.caption(f"Accuracy: {architecture.top1_source}.")


def show_layers(cost: NetworkCost) -> None:
    """Layer by layer."""
    st.subheader("Layer by layer", anchor=False)
    st.dataframe(
        layers_table(cost),
        hide_index=True,
        height=420,
        column_config={
            "output": st.column_config.TextColumn("output", help="Height x width x channels"),
            "parameters": st.column_config.NumberColumn(format="localized"),
            "operations": st.column_config.NumberColumn("multiply-adds, M", format="%.2f"),
            "sees": st.column_config.TextColumn("sees pixels", help="Of the image, at each position"),
            "step": st.column_config.NumberColumn(help="Pixels of the image from one position to the next"),
        },
    )
    st.caption(f"{counted(len(cost.layers), 'layer')} for an image of {cost.input_shape[0]} x {cost.input_shape[1]}.")


def show_weights(architecture: Architecture) -> None:
    """What can only be seen with trained weights."""
    st.subheader("With its ImageNet weights", anchor=False)
    if not has_weights(architecture):
        st.write("The weights of this network are not on this machine. efficientnet_lite0 has them: open it instead.")
        return
    picture, said = filters(architecture.name, is_dark())
    with st.expander("The filters of the first layer", expanded=True):
        show_png(picture, said)
    show_own_picture(architecture.name)
