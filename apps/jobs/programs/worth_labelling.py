"""Makes the queue of images without a label that are worth one first: worth_labelling.py PROJECT RUN"""

import sys
from pathlib import Path

from projects.open_queue import WAITING, open_queue
from projects.project import Project, open_project
from projects.queues import save_queue
from projects.versions import current_number, manifest_of

from imgcls.cli.terminal import progress_line

MOST = 200  # images


def main(project: Project, run: Path) -> str:
    """Predict the images, choose, and save the queue; returns its name."""
    version = current_number(project)
    rows = list(open_queue(project, WAITING, version).rows)
    if not rows:
        raise ValueError("No image waits for a label.")
    from imgcls.engines.engine import EMBEDDING
    from imgcls.evaluation.review.label_queue import label_queue
    from imgcls.workflow.subject import Subject

    manifest = manifest_of(project, version)
    subject = Subject.of(run)
    if subject.is_multi_label:
        raise ValueError("This run gives an image several classes, by which images are not chosen yet. Train another.")
    predictor = subject.load()
    outputs = [EMBEDDING] if EMBEDDING in predictor.engine.outputs else []
    with progress_line() as progress:
        paths = manifest.paths(manifest.table.loc[rows])
        found = predictor.predict_files(paths, progress.of("Predicting", len(paths)), outputs=outputs)
    read = found.readable.nonzero()[0]
    features = found.outputs[EMBEDDING][read] if outputs else None
    chosen = read[label_queue(found.probabilities[read], features, MOST).places]
    likeliest = found.probabilities[chosen].argmax(axis=1)
    named = {rows[place]: found.class_names[label] for place, label in zip(chosen, likeliest, strict=True)}
    sure = {rows[place]: float(found.probabilities[place].max()) for place in chosen}
    return save_queue(project, "worth labelling", "Worth labelling first", list(named), version, named, sure)


if __name__ == "__main__":
    try:
        main(open_project(Path(sys.argv[1]).name), Path(sys.argv[2]))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
