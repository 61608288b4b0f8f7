"""What is true of a run that is to be used elsewhere: a list of checks, each a sentence with its figure."""

import streamlit as st
from jobs.servers import STARTS, Server
from projects.bundles import Facts

from parts.errors import in_page

YES, NO, OPEN = ":material/check_circle:", ":material/error:", ":material/radio_button_unchecked:"
NOT_YET = "not yet"


def show_checks(facts: Facts | None, server: Server | None, speed: str) -> None:
    """Show the list.

    Args:
        facts: Of the exported model; None if the run was not exported yet.
        server: That runs, or did last.
        speed: What a load test measured; empty if there was none.
    """
    with st.container(border=True):
        for is_true, what, said in rows(facts, server, speed):
            icon = OPEN if is_true is None else YES if is_true else NO
            st.markdown(f"{icon} **{what}**: {said}")


def rows(facts: Facts | None, server: Server | None, speed: str) -> list[tuple[bool | None, str, str]]:
    """Each check: whether it is true, None for not yet; what it is; and what is said of it."""
    return [*_of_model(facts), *_of_server(server, speed)]


def _of_model(facts: Facts | None) -> list[tuple[bool | None, str, str]]:
    if facts is None:
        names = ("Exported", "Same answers as the run", "Operations known to servers", "Size")
        return [(None, name, NOT_YET) for name in names]
    exported = f"but {facts.older} since: export it again" if facts.older else f"{facts.classes:,} classes"
    return [
        (not facts.older, "Exported", f"version {facts.version.name}, {exported}"),
        (
            None if facts.older else facts.difference <= facts.allowed,
            "Same answers as the run",
            f"probabilities differ by at most {facts.difference:.1e} on {facts.pictures:,} test images "
            f"({facts.allowed:.0e} is allowed){', when it was exported' if facts.older else ''}",
        ),
        (True, "Operations known to servers", f"TensorFlow Serving {facts.server} knows all {facts.operations:,}"),
        (True, "Size", f"{facts.size / 1e6:.1f} MB"),
    ]


def _of_server(server: Server | None, speed: str) -> list[tuple[bool | None, str, str]]:
    measured = (bool(speed) or None, "Speed", speed or "not measured yet: run the load test below")
    if server is None or not server.job.is_live:
        failed = server is not None and server.job.state in ("failed", "interrupted")
        why = f"no. {in_page(server.job.message)}" if failed else "no"
        return [measured, (False if failed else None, "Running", why)]
    if not server.is_ready():
        return [measured, (None, "Running", STARTS)]
    moved = f", since somebody else has {server.address_before} now" if server.address_before else ""
    return [measured, (True, "Running", f"at {server.address}{moved}")]
