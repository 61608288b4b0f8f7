"""One run on the page: where it stands, its curves, and what can be done with it.

All states are drawn into the same places, so that the page does not jump when a run ends.
"""

import streamlit as st
from jobs.job import log_of
from jobs.runs import Run, delete_run, end_at_once, go_on, judge_as_it_stands, look, stop
from projects.project import Project

from imgcls.counted import counted
from imgcls.durations import clock
from parts.config_form import worded
from parts.errors import explained
from parts.fragment import fragment
from parts.opened import go, keep
from parts.person import who
from parts.plain import plain
from parts.train.curves import show_curves

REFRESH = 1.0  # seconds
STEADY = 10  # steps after which the rate says something
STATES = {  # colour, word and sentence
    "waiting": ("gray", "waiting", "It begins when another job has ended."),
    "starting": ("gray", "starting", "TensorFlow is loaded, and every image is looked at."),
    "preparing": ("blue", "preparing", "The network is built."),
    "training": ("blue", "training", "You can close this page; the run goes on, and is found again under Train."),
    "evaluating": ("blue", "judging", "The model is judged on the test images."),
    "ending": ("gray", "ending", "A checkpoint is saved, then the run ends."),
    "closing": ("gray", "closing", "The run has ended; its process is just closing."),
    "finished": ("green", "finished", ""),
    "interrupted": ("orange", "interrupted", ""),
    "failed": ("red", "failed", ""),
    "gone": ("gray", "not there any more", ""),
}


def badge(run: Run) -> None:
    """Show the state of a run as a colored word."""
    color, word, _ = STATES.get(run.state, ("gray", run.state, ""))
    st.badge(word, color=color)


def show_run(project: Project, name: str) -> None:
    """Show a run; one that lives is looked at again every second."""
    with explained():
        live = look(project, name).is_live

        @fragment(run_every=REFRESH if live else None)
        def follow() -> None:
            run = look(project, name)
            if live and not run.is_live:
                st.rerun()  # before anything is drawn: all of it is, anew, in the same places
            _show(project, run)

        follow()


def _show(project: Project, run: Run) -> None:
    head, figures, actions, curves, details = (st.container() for _ in range(5))
    with head:
        _show_head(run)
    with figures:
        _show_figures(run)
    with actions:
        _show_actions(project, run)
    with curves:
        show_curves(run)
    with details:
        _show_watched(run)
        _show_log(project, run)


def _show_head(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(plain(run.name), width="content", anchor=False)
        badge(run)
    sentence = STATES.get(run.state, ("", "", ""))[2]
    if sentence:
        st.write(sentence)
    if run.message:
        (st.error if run.state == "failed" else st.warning)(plain(worded(run.message)))
    if run.state == "finished":
        st.success(result_sentence(run), icon=":material/check_circle:")
    elif run.resumable and run.state != "gone":
        saved = run.folder and any(run.folder.checkpoints.glob("step-*"))
        anew = "It has no checkpoint yet: “Go on” begins it anew."
        st.write("It can go on from its last checkpoint." if saved else anew)


def result_sentence(run: Run) -> str:
    """Accuracy and interval of a finished run, in one sentence."""
    found = run.folder.evaluation() if run.folder else {}
    if not found:
        return "It has finished."
    low, high = (f"{100 * found[end]:.1f}" for end in ("accuracy_low", "accuracy_high"))
    return (
        f"It names {100 * found['accuracy']:.1f} % of {counted(found['images'], 'test image')} right; among many more "
        f"images of the kind it would be {low} to {high} % (95 % interval)."
    )


def _show_figures(run: Run) -> None:
    if not run.is_live:
        return
    status = run.status
    if run.state == "training" and "steps" in status:
        _show_training(run)
    elif run.state == "training" and "doing" in status:
        st.progress(_share(status["done"], status["total"]), text=plain(status["doing"]))
    elif run.job and run.state in ("starting", "evaluating") and run.job.doing:
        counts = f", {run.job.done:,} of {run.job.total:,}" if run.job.total else ""
        st.progress(_share(run.job.done, run.job.total), text=f"{plain(run.job.doing)}{counts}")
    else:
        st.progress(1.0 if run.state in ("evaluating", "ending", "closing") else 0.0)


def _show_training(run: Run) -> None:
    status, metrics = run.status, run.folder.metrics()
    done = _share((status["epoch"] - 1) * status["steps"] + status["step"], status["epochs"] * status["steps"])
    epoch = f"Epoch {status['epoch']} of {status['epochs']}, step {status['step']:,} of {status['steps']:,}"
    st.progress(done, text=epoch)
    latest, kept, best = status.get("metrics", {}), run.folder.kept_epoch(), run.folder.best_metric
    seconds = _seconds_left(run, metrics)
    figures = {
        "Images a second": f"{status.get('images_per_second', 0):,.0f}",
        "Time left": "-" if seconds is None else clock(seconds),
        f"Validation {best.title}": best.shown(kept[best.on_validation]) if kept else "-",
        "Training accuracy": f"{100 * latest['accuracy']:.1f} %" if "accuracy" in latest else "-",
    }
    with st.container(horizontal=True):
        for label, value in figures.items():
            tip = "Of the best epoch so far, which is the one that is kept." if label.startswith("Valid") else None
            st.metric(label, value, width=150, help=tip)


def _share(done: float, total: float) -> float:
    return min(1.0, max(0.0, done / total)) if total else 0.0


def _seconds_left(run: Run, metrics: list[dict]) -> float | None:
    """From the last epoch's length, which holds its validation too; in the first epoch from the rate, once it is one:
    the first step builds the graph. Early stopping may end it before."""
    status = run.status
    epochs = status["epochs"] - status["epoch"] + 1 - status["step"] / status["steps"]
    if metrics and metrics[-1]["epoch"]:
        return epochs * metrics[-1]["seconds"]
    if status["step"] < STEADY:
        return None
    return epochs * status["steps"] * run.folder.config.training.batch_size / max(1.0, status["images_per_second"])


def _show_actions(project: Project, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.state == "finished":
            if st.button("See the results", type="primary", icon=":material/query_stats:"):
                go("results", project, run=run.name)
        elif run.state == "ending":
            if st.button(
                "End at once", icon=":material/stop_circle:", help="Loses what came after the last checkpoint."
            ):
                end_at_once(project, run.name)
                st.rerun()
        elif run.is_live and run.state != "closing":
            if st.button("Stop", icon=":material/stop:", help="Saves a checkpoint, then ends. It can go on later."):
                stop(project, run.name)
                st.rerun()
        elif run.resumable:
            _offer_to_go_on(project, run)
        if run.state == "gone":
            if st.button("Take it off the list", icon=":material/playlist_remove:"):
                _delete(project, run)
        elif not run.is_live:
            _offer_deletion(project, run)


def _offer_to_go_on(project: Project, run: Run) -> None:
    label = "Train again" if run.state == "gone" else "Go on"
    if st.button(label, type="primary", icon=":material/play_arrow:"):
        go_on(project, run.name, who())
        st.rerun()
    epochs = counted(run.epochs_done, "epoch")
    tip = f"Takes the best of its {epochs} as the model, and judges it on the test images."
    if run.epochs_done and st.button("Use it as it is", icon=":material/done_all:", help=tip):
        judge_as_it_stands(project, run.name, who())
        st.rerun()


def _offer_deletion(project: Project, run: Run) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.write(f"Delete the run {plain(run.name)} with its model and its results? This cannot be undone.")
        if st.button("Delete it for good"):
            _delete(project, run)


def _delete(project: Project, run: Run) -> None:
    delete_run(project, run.name)
    keep(run=None)
    st.rerun()


def _show_watched(run: Run) -> None:
    """What watching drew: the latest epoch, or how all of them came about."""
    if run.folder:
        found = sorted(run.folder.watch.glob("epoch_*.png" if run.is_live else "strip.png"))
        if found:
            with st.expander("What the network looks like", icon=":material/visibility:"):
                st.image(found[-1].read_bytes())


def _show_log(project: Project, run: Run) -> None:
    printed = log_of(project, run.job.id) if run.job else ""
    if printed:
        with st.expander("What the process printed", icon=":material/terminal:"):
            st.code(printed, language=None, wrap_lines=True)
