"""One answer: how many images of which kind, cards, and a table to download."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from jobs.job import look
from projects.answers import Answer, newest_rows, rows_of
from projects.models import RUN
from projects.project import Project
from projects.threshold import threshold_of

from imgcls.counted import counted
from parts.addressed import addressed, keep_field
from parts.errors import in_page
from parts.fragment import fragment
from parts.job_strip import share
from parts.opened import link
from parts.plain import plain
from parts.predict.archived import with_files
from parts.predict.cards import show_cards
from parts.predict.folder_job import name_again
from parts.predict.said import TITLES, UNREADABLE, as_table, kinds_of
from parts.predict.strangers import say_if_not_told
from parts.spreadsheet import TIP, for_spreadsheets

CARDS_A_PAGE = 24
MOST_NAMES, MOST_REASONS = 20, 20  # that are listed; the table has all
REFRESH = 1.0  # seconds, while a job works
PERCENT = st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0)


def threshold(project: Project, answer: Answer) -> float:
    """Probability from which on a class is named; 0 where nobody set one."""
    return threshold_of(project, answer.model.run) if answer.model.run else 0.0


def show_answer(project: Project, answer: Answer) -> bool:
    """Show an answer as far as it is there.

    Returns:
        Whether an image is named.
    """
    if answer.dropped:
        names = plain(", ".join(answer.dropped[:MOST_NAMES]))
        st.warning(f"Not read, because their names are not of images: {names}{_more(answer.dropped)}.")
    if answer.job and not _job_ended(project, answer):
        _follow(project, answer, threshold(project, answer))
        return not newest_rows(answer, 1).empty
    table, least = rows_of(answer), threshold(project, answer)
    if table.empty:
        return False
    _summary(project, answer, table, least)
    say_if_not_told(project, answer, table)
    chosen = _filter(table, least)
    _cards(answer, table[chosen], least)
    if not _waits(table).all():
        _table(answer, as_table(table, least))
    return bool(_named(table).any())


def _waits(table: pd.DataFrame) -> pd.Series:
    return table["waits"].astype(bool)


def _named(table: pd.DataFrame) -> pd.Series:
    return ~_waits(table) & (table["problem"] == "")


def _job_ended(project: Project, answer: Answer) -> bool:
    try:
        job = look(project, answer.job)
    except ValueError:  # its record was removed; what it wrote stays
        return True
    if job.state in ("failed", "interrupted", "cancelled"):
        begun = not newest_rows(answer, 1).empty
        rest = ". What was named before is below." if begun else " before an image was named."
        st.error(in_page(job.message.replace(answer.pictures, answer.title)) or f"This was cancelled{rest}")
        if st.button("Go on" if begun else "Try again", icon=":material/refresh:"):
            name_again(project, answer)
            st.rerun()
    return not job.is_live


@fragment(run_every=REFRESH)
def _follow(project: Project, answer: Answer, least: float) -> None:
    job = look(project, answer.job)
    if not job.is_live:
        st.rerun()
    counts = f": {job.done:,} of {job.total:,}" if job.total else f": {job.done:,}" if job.done else ""
    st.progress(share(job) or 0.0, f"{plain(job.title)}, {plain(job.doing or 'starting').lower()}{counts}")
    st.caption("You may close this page: the work goes on, and the answers are kept.")
    rows = newest_rows(answer, CARDS_A_PAGE).to_dict("records")
    if rows:
        st.write("The latest answers")
        show_cards(with_files(answer, rows), least)


def _summary(project: Project, answer: Answer, table: pd.DataFrame, least: float) -> None:
    unread = table[table["problem"] != ""]
    named, waiting = int(_named(table).sum()), int(_waits(table).sum())
    if waiting:
        st.write(f"{counted(waiting, 'image')} {'is' if waiting == 1 else 'are'} not named yet.")
    if named or not waiting:
        sentence = f"{counted(named, 'image')}, named by: {plain(answer.model.title)}."
        st.write(f"{sentence} Answers below {least:.0%} are shown as not sure." if least and named else sentence)
    if answer.model.run:
        label = "Change how sure it has to be" if answer.model.kind == RUN else "How sure it has to be"
        link("results", project, label, run=answer.model.run)
    if len(unread):
        others = f" The other {counted(named + waiting, 'image')} can." if named + waiting else ""
        st.warning(f"{counted(len(unread), 'file')} cannot be read.{others}")
        st.markdown("\n".join(reasons(unread)))


def reasons(unread: pd.DataFrame) -> list[str]:
    """Why files cannot be read, as lines of Markdown: each reason once, in full, with the files that have it."""
    files = unread.groupby("problem", sort=False)["image"].agg(list)
    lines = [f"- {plain(', '.join(names[:MOST_NAMES]))}{_more(names)}: {in_page(why)}." for why, names in files.items()]
    others = len(lines) - MOST_REASONS
    return lines if others < 1 else [*lines[:MOST_REASONS], f"- and {counted(others, 'other reason')}, in the table"]


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""


def _filter(table: pd.DataFrame, least: float) -> list[bool]:
    kinds = pd.Series([said.kind for said in kinds_of(table, least)])
    counts = kinds.value_counts()
    there = [kind for kind in TITLES if counts.get(kind) and kind != UNREADABLE]
    if len(there) < 2:
        return (kinds != UNREADABLE).tolist()
    kind = st.segmented_control(
        "Show", ["all", *there], key=addressed("kind", ["all", *there], "all"), required=True,
        format_func=lambda each: f"{TITLES[each]} ({counts[each]:,})" if each in TITLES else "All",
    )  # fmt: skip
    keep_field("kind", None if kind == "all" else kind)
    return ((kinds != UNREADABLE) if kind == "all" else (kinds == kind)).tolist()


def _cards(answer: Answer, table: pd.DataFrame, least: float) -> None:
    pages = -(-len(table) // CARDS_A_PAGE)
    page = st.pagination(pages, key=f"pages {answer.id}") if pages > 1 else 1
    rows = table.iloc[(page - 1) * CARDS_A_PAGE : page * CARDS_A_PAGE].to_dict("records")
    if rows:
        show_cards(with_files(answer, rows), least)


def _table(answer: Answer, table: pd.DataFrame) -> None:
    st.download_button(
        "Download the table",
        lambda: for_spreadsheets(table),
        f"{answer.id}.csv",
        "text/csv",
        icon=":material/download:",
        help=TIP,
        on_click="ignore",
    )
    with st.expander("As a table"):
        shares = {name: PERCENT for name in table if name.startswith("probability")}
        st.dataframe(table, hide_index=True, column_config=shares)
