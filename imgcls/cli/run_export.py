"""What `python -m imgcls.export` does once its flags are read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcls.cli import command
from imgcls.cli.terminal import next_step, say
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.run_folder import RunFolder
from imgcls.serving.details import read_details
from imgcls.serving.server_files import SERVER_FILES, is_changed
from imgcls.workflow.export import export_run


def export(run: RunFolder, output: Path, name: str, **choices: Any) -> int:
    """Export a run, and print what was written. choices: as `export_run` takes them."""
    version = export_run(run, output, name, **choices)
    show_version(version)
    show_server_files(version.parents[1])
    next_step(command_line("serve", version.parent), command_line("predict", version.parent, "YOUR_IMAGES"))
    return command.OK


def show_server_files(folder: Path) -> None:
    """Print what stands beside the bundles, and which of it an operator has changed."""
    changed = [path.name for path in map(folder.joinpath, SERVER_FILES) if is_changed(path)]
    say(f"For TensorFlow Serving: {', '.join(SERVER_FILES)} in {folder}")
    if changed:
        say(f"{' and '.join(changed)} {'was' if len(changed) == 1 else 'were'} changed by you, and left as they are")


def show_version(version: Path) -> None:
    """Print what stands in the folder of one version of a bundle."""
    details = read_details(version)
    size = sum(path.stat().st_size for path in version.rglob("*") if path.is_file())
    parity = details["parity"]
    say(f"Written: {version} ({size / 1e6:.1f} MB, {counted(len(details['class_names']), 'class')})")
    say(f"Signatures: {', '.join(details['signatures'])}")
    say(
        f"Parity: reloaded in a fresh process, it differs from the run's model by at most "
        f"{parity['largest_difference']:.1e} in a probability "
        f"({counted(parity['images'], 'test image')}; allowed {parity['allowed']:.0e})"
    )
    server = details["for_serving"]
    say(f"TensorFlow Serving {server['version']} has all {server['operations']} operations of the graph")
    if server["unread_formats"]:
        say(f"It reads no {' or '.join(server['unread_formats'])}: such an image gets a problem")
    if "explanation" in details:
        say(
            f"Explanation: {details['explanation']['method']} at the layer {details['explanation']['layer']}; a heat "
            f"map differs from the run's by at most {parity['heat_map_difference']:.1e} of its maximum"
        )
    for form in details["formats"].values():
        if "parity" in form:
            say(f"{form['title']}: it differs by at most {form['parity']['largest_difference']:.1e} in a probability")
        else:
            show_low_precision(form)


def show_low_precision(form: Mapping[str, Any]) -> None:
    """Print what bfloat16 or int8 costs and gains."""
    accuracy, precision = form["accuracy"], form["precision"]
    low, high = accuracy["interval"]
    say(
        f"{form['title']}: it names {accuracy[precision]:.3f} of {counted(accuracy['test_images'], 'test image')} "
        f"rightly, float32 {accuracy['float32']:.3f}: a loss of {accuracy['loss']:.3f} (95 % interval {low:.3f} to "
        f"{high:.3f}; allowed {accuracy['allowed']:g})"
    )
    say(f"  It decides otherwise than float32 for {accuracy['other_decisions']} of {accuracy['test_images']}")
    rates = ", ".join(
        f"{rate[precision]:,.0f} at batch {size} (float32 {rate['float32']:,.0f})"
        for size, rate in form["images_per_second"].items()
    )
    sizes = form["megabytes"]
    say(f"  Images a second on this machine: {rates}; {sizes[precision]:.1f} MB (float32 {sizes['float32']:.1f} MB)")
