"""One run on the page: its progress, its curves, its result, and the next steps."""

import streamlit as st

from imgcls.counted import counted
from imgcls.durations import clock
from imgcls.metrics import METRICS
from parts import launches
from parts.charts import curve
from parts.errors import explained
from parts.launches import LIVE, Launch

REFRESH = 1.0  # seconds
STEADY = 10  # steps after which the rate says something
STATES = {  # colour and sentence
    "starting": ("gray", "Starting: TensorFlow is loaded and every image is opened once."),
    "preparing": ("blue", "Preparing the network."),
    "training": ("blue", "Training. You can close this page; the run goes on, and is found again in the list of runs."),
    "evaluating": ("blue", "Judging the model on the test images."),
    "ending": ("gray", "Ending."),
    "finished": ("green", ""),
    "interrupted": ("orange", "Interrupted. It can go on from its last checkpoint."),
    "failed": ("red", ""),
}


def badge(state: str) -> None:
    """Show the state of a run as a coloured word."""
    st.badge(state, color=STATES.get(state, ("gray", ""))[0])


def accuracy_of(launch: Launch) -> float | None:
    """On the split that the run was judged on; None before."""
    return launch.status.get("accuracy")


def show_run(name: str) -> None:
    """Show a run; one that lives is looked at again every second."""
    with explained():
        launch = launches.look(name)
        if launch.state not in LIVE:
            _show_end(launch)
            return

        @st.fragment(run_every=REFRESH)
        def follow() -> None:
            with explained():
                launch = launches.look(name)
                if launch.state not in LIVE:
                    st.rerun()
                _show_live(launch)

        follow()


def _show_live(launch: Launch) -> None:
    _show_head(launch)
    if launch.state == "training" and "steps" in launch.status:
        _show_progress(launch)
    elif launch.state == "training" and "doing" in launch.status:
        st.progress(launch.status["done"] / launch.status["total"], text=launch.status["doing"])
    else:
        st.progress(1.0 if launch.state == "evaluating" else 0.0)
    if launch.state != "ending" and st.button("Stop", icon=":material/stop:", help="Saves a checkpoint, then ends."):
        launches.stop(launch.name)
        st.toast("The run ends after the step at hand.")
    _show_curves(launch)
    _show_watched(launch)
    _show_log(launch)


def _show_end(launch: Launch) -> None:
    _show_head(launch)
    if launch.state == "finished":
        _show_result(launch)
    else:
        _offer_another_go(launch)
        _show_curves(launch)
    _show_watched(launch, ended=True)
    _show_log(launch)


def _show_head(launch: Launch) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(launch.name, width="content")
        badge(launch.state)
    sentence = STATES.get(launch.state, ("", ""))[1]
    if sentence:
        st.write(sentence)
    if launch.message:
        (st.error if launch.state == "failed" else st.warning)(launch.message)


def _show_progress(launch: Launch) -> None:
    status, metrics = launch.status, launch.folder.metrics()
    done = (status["epoch"] - 1 + status["step"] / status["steps"]) / status["epochs"]
    st.progress(
        min(1.0, done),
        text=f"Epoch {status['epoch']} of {status['epochs']}, step {status['step']:,} of {status['steps']:,}",
    )
    latest, kept, best = status.get("metrics", {}), launch.folder.kept_epoch(), launch.folder.best_metric
    seconds = _seconds_left(launch, metrics)
    figures = {
        "Training loss": f"{latest['loss']:.3f}" if "loss" in latest else "-",
        "Training accuracy": f"{100 * latest['accuracy']:.1f} %" if "accuracy" in latest else "-",
        f"Validation {best.title}": best.shown(kept[best.on_validation]) if kept else "-",
        "Images a second": f"{status.get('images_per_second', 0):,.0f}",
        "Time left": "-" if seconds is None else clock(seconds),
    }
    with st.container(horizontal=True):
        for label, value in figures.items():
            tip = "Of the best epoch so far, which is the one that is kept." if label.startswith("Valid") else None
            st.metric(label, value, width=125, help=tip)


def _seconds_left(launch: Launch, metrics: list[dict]) -> float | None:
    """From the last epoch's length, which holds its validation too; in the first epoch from the rate, once it is one:
    the first step builds the graph."""
    status = launch.status
    epochs = status["epochs"] - status["epoch"] + 1 - status["step"] / status["steps"]
    if metrics and metrics[-1]["epoch"]:
        return epochs * metrics[-1]["seconds"]
    if status["step"] < STEADY:
        return None
    return epochs * status["steps"] * launch.folder.config.training.batch_size / max(1.0, status["images_per_second"])


def _offer_another_go(launch: Launch) -> None:
    if launch.resumable:
        if st.button("Go on with it", type="primary", icon=":material/play_arrow:"):
            launches.resume(launch.name)
            st.rerun()
    elif not launch.status:
        st.write("Go back to all runs, change what was wrong, and start again.")
        if st.button("Remove it from the list"):
            launches.forget(launch.name)
            st.query_params.clear()
            st.rerun()


def _show_curves(launch: Launch) -> None:
    metrics = launch.folder.metrics() if launch.status else []
    if not any(row["epoch"] for row in metrics):
        return
    epochs = launch.folder.config.training.epochs
    shown = [metric for metric in METRICS.values() if metric.in_curves]
    for column, metric in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            st.markdown(f"**{metric.curve_title.capitalize()}** after each epoch")
            st.altair_chart(curve(metrics, metric, epochs), key=f"curve {metric.name}")


def _show_watched(launch: Launch, ended: bool = False) -> None:
    """What `--watch` drew: the latest epoch, or how all of them came about."""
    folder = launch.folder.watch if launch.status else None
    found = sorted(folder.glob("strip.png" if ended else "epoch_*.png")) if folder else []
    if found:
        with st.expander("What the network looks like", icon=":material/visibility:", expanded=not ended):
            st.image(found[-1].read_bytes())


def _show_log(launch: Launch) -> None:
    printed = launches.log(launch.name)
    if printed:
        with st.expander("What the process printed", icon=":material/terminal:"):
            st.code(printed, language=None, wrap_lines=True)


def _show_result(launch: Launch) -> None:
    run = launch.folder
    evaluation = run.evaluation()
    if evaluation:
        low, high = (f"{100 * evaluation[bound]:.1f}" for bound in ("accuracy_low", "accuracy_high"))
        with st.container(border=True):
            st.metric(f"Accuracy on the {evaluation['split']} images", f"{100 * evaluation['accuracy']:.1f} %")
            st.write(
                f"95 % interval {low} to {high} %, "
                f"from {counted(evaluation['images'], 'image')} that training never saw."
            )
        if evaluation["problems"]:
            with st.expander(f"Files that were left out: {len(evaluation['problems']):,}", icon=":material/warning:"):
                st.table(
                    {"file": [f for f, _ in evaluation["problems"]], "reason": [r for _, r in evaluation["problems"]]}
                )
    st.write("Next: name what is on other images with it.")
    if st.button("Go on to Predict", type="primary", icon=":material/arrow_forward:"):
        st.switch_page("views/predict.py", query_params={"model": str(run.path)})
    if run.report_file.is_file():
        st.subheader("Report")
        st.download_button(
            "Download the report",
            run.report_file.read_bytes(),
            f"{launch.name}.html",
            "text/html",
            icon=":material/download:",
        )
        st.iframe(run.report_file, height=720)
    st.caption(f"To serve it: `python -m imgcls.export {run.path}`")
