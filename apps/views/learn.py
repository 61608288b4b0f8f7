"""Learn: the networks and what each costs, one of them layer by layer, and a bench for convolutions."""

import streamlit as st
from parts.addressed import addressed, keep_field
from parts.errors import explained
from parts.learn.accuracy_chart import accuracy_chart
from parts.learn.bench import show_bench
from parts.learn.network_sheet import show_network
from parts.learn.networks import networks_table
from parts.opened import keep
from parts.theme import is_dark

PARTS = {"networks": "Networks", "bench": "Convolution bench"}
COLUMNS = {
    "network": st.column_config.TextColumn("network", pinned=True),
    "image": st.column_config.NumberColumn("image, pixels"),
    "parameters": st.column_config.NumberColumn("parameters, M", format="%.2f"),
    "operations": st.column_config.NumberColumn("multiply-adds, G", format="%.3f"),
    "field": st.column_config.NumberColumn("sees, pixels", help="Receptive field of the last layer that has one"),
    "layers": st.column_config.NumberColumn("layers with weights"),
    "accuracy": st.column_config.NumberColumn("accuracy, %", format="%.1f"),
    "on": st.column_config.TextColumn("on what, as published"),
}


def show_networks() -> None:
    """All networks, as a chart and as a table, and the way to open one."""
    table = networks_table()
    names = list(table["network"])
    choice, button = st.columns([3, 1], vertical_alignment="bottom")
    chosen = choice.selectbox("Network", names, names.index("efficientnet_lite0"))
    if button.button("Open a network", type="primary", width="stretch"):
        keep(network=chosen)
        st.rerun()
    st.subheader("Accuracy against operations", anchor=False)
    st.altair_chart(accuracy_chart(table, is_dark()))
    st.caption(
        "As published, each image seen once; to the upper left is better. A line joins one family. Named, where there "
        "is room, are the networks that no cheaper one surpasses, and families; point at a circle to see what it is."
    )
    st.subheader("All networks", anchor=False)
    st.dataframe(table, hide_index=True, column_config=COLUMNS, height=520, placeholder="")


st.title("Learn", anchor=False)
with explained():
    network = st.query_params.get("network", "")
    if network:
        if st.button("All networks", icon=":material/arrow_back:"):
            keep(network=None, image=None)
            st.rerun()
        show_network(network)
    else:
        part = st.segmented_control(
            "Show", PARTS, key=addressed("part", list(PARTS), "networks"), format_func=PARTS.__getitem__, required=True
        )
        keep_field("part", None if part == "networks" else part)
        if part == "bench":
            show_bench()
        else:
            show_networks()
