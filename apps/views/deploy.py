"""Deploy: take a run into use. A check list, a server, and what other programs need to ask it."""

import streamlit as st
from jobs.job import cancel
from jobs.servers import Server, find_server, newest_version, start_server
from parts.deploy.check_list import show_checks
from parts.deploy.code import TITLES, code_for
from parts.deploy.exporting import choose_run, export_and_start, running_export
from parts.deploy.files import compose_file, kubernetes_file
from parts.deploy.load_test import last_test, show_load_test, speed_of
from parts.deploy.try_request import show_request
from parts.errors import explained
from parts.fragment import fragment
from parts.opened import the_project
from parts.person import who
from parts.plain import plain
from projects.bundles import Facts, bundle_name, facts_of
from projects.project import Project
from projects.threshold import chosen_threshold
from safety import allowed_paths

REFRESH = 1.0  # seconds, while something begins or ends


def show_state(project: Project, run: str, facts: Facts | None, server: Server | None) -> None:
    """The check list, and what to do next."""
    bundle = bundle_name(run)
    show_checks(facts, server, speed_of(project, bundle))
    if running_export(project, bundle):
        return
    live = server if server and server.job.is_live else None
    with st.container(horizontal=True):
        if facts is None or facts.older:
            label = "Export and start" if facts is None else "Export again" if live else "Export again and start"
            if st.button(label, type="primary", icon=":material/rocket_launch:"):
                export_and_start(project, run, bundle)
                st.rerun()
        elif not live and st.button("Start the server", type="primary", icon=":material/play_arrow:"):
            start_server(project, bundle, allowed_paths.environment(), who())
            st.rerun()
        if live and st.button("Stop the server", icon=":material/stop_circle:", disabled=live.job.state == "ending"):
            cancel(project, live.job.id)
            st.rerun()


@fragment(run_every=REFRESH)
def wait(project: Project, bundle: str, before: tuple) -> None:
    """Look whether what begins or ends has done so; the page then begins anew."""
    st.caption("This page follows by itself.")
    if state_of(project, bundle) != before:
        st.rerun()


def state_of(project: Project, bundle: str) -> tuple:
    """What changes while the page waits."""
    export, server, test = running_export(project, bundle), find_server(project, bundle), last_test(project, bundle)
    ready = server.is_ready() if server and server.job.is_live else False
    seen = (export and export.id, server and server.job.id, server and server.job.state, test and test.state)
    return (*seen, ready, test and test.is_live)


def show_running(project: Project, server: Server, facts: Facts | None) -> None:
    """What a server that answers can be used for."""
    st.subheader("Try a request", anchor=False)
    with explained():
        show_request(server, facts.threshold if facts else 0.0)
    st.subheader("Ask it from a program", anchor=False)
    for tab, (language, (coloring, _, needs)) in zip(
        st.tabs([title for _, title, _ in TITLES.values()]), TITLES.items(), strict=True
    ):
        with tab:
            st.code(code_for(language, server.model_address), language=coloring, wrap_lines=True)
            st.caption(needs)
    st.subheader("How fast is it?", anchor=False)
    with explained():
        show_load_test(project, server)


def show_files(project: Project, facts: Facts) -> None:
    """Files that start a server on other machines."""
    st.subheader("Run it elsewhere", anchor=False)
    bundle = facts.version.parent.name
    with st.container(horizontal=True):
        compose = compose_file(bundle, project.bundles.resolve())
        st.download_button("Docker Compose file", compose, "compose.yaml", "text/yaml", icon=":material/download:")
        manifest = kubernetes_file(bundle, facts.version.name)
        st.download_button("Kubernetes file", manifest, f"{bundle}.yaml", "text/yaml", icon=":material/download:")
    st.caption(f"The exported model lies in {plain(str(project.bundles.resolve() / bundle))}.")


project = the_project()
st.title("Deploy")
with explained():
    run = choose_run(project)
    bundle = bundle_name(run)
    version, server = newest_version(project.bundles / bundle), find_server(project, bundle)
    facts = facts_of(version, project.runs / run, chosen_threshold(project, run)) if version else None
    show_state(project, run, facts, server)
    state = state_of(project, bundle)
    *_, ready, testing = state
    if running_export(project, bundle) or testing or (server and server.job.is_live and not ready):
        wait(project, bundle, state)
    if server and ready:
        show_running(project, server, facts)
    if facts:
        show_files(project, facts)
