"""A folder of images without labels, sorted by which are worth labelling first, as files for people and tools."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.cache import source_name
from imgcls.engines.engine import EMBEDDING
from imgcls.evaluation.judgement import NONE_OF_THESE
from imgcls.evaluation.label_queue import LabelQueue, label_queue
from imgcls.evaluation.label_studio_tasks import LOCAL_FILES, labelling_form, task
from imgcls.evaluation.review_page import write_queue_page
from imgcls.files import replacing, write_json
from imgcls.progress import Progress
from imgcls.workflow.sources import list_images
from imgcls.workflow.subject import Subject

CHOICES = 3  # classes that are offered for an image
MOST = 100


@dataclass(frozen=True)
class SortedImages:
    """Images without labels, sorted.

    Attributes:
        subject: The classifier.
        folder: Of the images.
        paths: (N,) the images that could be read.
        class_names: The K classes that the classifier knows.
        probabilities: (N, K).
        decisions: (N,), what the classifier answers: a class, "not sure" or "none of these"; "" where nothing was
            fitted to decide by.
        queue: Which of them are worth labelling, in this order.
        problems: (file, reason) of the files that could not be read.
    """

    subject: Subject
    folder: Path
    paths: list[Path]
    class_names: list[str]
    probabilities: np.ndarray
    decisions: list[str]
    queue: LabelQueue
    problems: list[tuple[str, str]]

    def table(self) -> pd.DataFrame:
        """A row for each image of the queue: image, class, probability, decision, doubt and variety."""
        places = self.queue.places
        likeliest = self.probabilities[places].argmax(axis=1) if len(places) else np.zeros(0, int)
        return pd.DataFrame(
            {
                "image": [self._name(place) for place in places],
                "class": [self.class_names[label] for label in likeliest],
                "probability": self.probabilities[places, likeliest].round(4),
                "decision": [self.decisions[place] for place in places],
                "doubt": self.queue.doubt[places].round(4),
                "variety": self.queue.variety.round(4),
            }
        )

    def sentences(self) -> list[str]:
        """What was done, in words."""
        every = f"{counted(len(self.paths), 'image')} of {self.folder}"
        strange = sum(self.decisions[place] == NONE_OF_THESE for place in self.queue.places)
        said = (
            [f"{counted(strange, 'image')} of them may show none of the classes: skip it, or make a class of it."]
            if strange
            else []
        )
        return [
            f"The {len(self.queue.places):,} of {every} that are worth labelling first: those that "
            f"{self.subject.title} doubts most and that are unlike each other.",
            *said,
            "Doubt is the entropy of the probabilities, 1 where all classes are as likely. Variety is the distance to "
            "the nearest image before, from 0 for a copy to 2.",
        ]

    def write(self, output: str | Path | None = None, image_url: str = LOCAL_FILES) -> dict[str, Path]:
        """Write the page, the tasks and the form for Label Studio, and the table.

        Args:
            output: The folder; None for the run's own, or one under evaluations/ for a bundle.
            image_url: What Label Studio puts before the path of each image below the folder of images.

        Returns:
            Where they are: "page", "tasks", "form" and "table".
        """
        stem = f"to_label-{source_name(str(self.folder.resolve()), 8)}"
        folder = self.subject.folder(output or "")
        names = {"page": ".html", "tasks": ".json", "form": ".xml", "table": ".csv"}
        files = {name: folder / f"{stem}{suffix}" for name, suffix in names.items()}
        table = self.table()
        write_queue_page(
            files["page"], f"Images of {self.folder.name}", self.sentences(), self.class_names, self._shown()
        )
        write_json(files["tasks"], [self._task(row, image_url) for row in table.to_dict("records")])
        with replacing(files["form"]) as partial:
            partial.write_text(labelling_form(self.class_names), "utf-8")
        with replacing(files["table"]) as partial:
            table.to_csv(partial, index=False)
        return files

    def _name(self, place: int) -> str:
        return self.paths[place].relative_to(self.folder).as_posix()

    def _task(self, row: dict[str, Any], image_url: str) -> dict[str, Any]:
        facts = {"doubt": float(row["doubt"]), "variety": float(row["variety"])}
        return task(row["image"], (row["class"], float(row["probability"])), facts, self.subject.title, image_url)

    def _shown(self) -> list[dict[str, Any]]:
        shown = []
        for place in self.queue.places:
            likeliest = np.argsort(-self.probabilities[place], kind="stable")[:CHOICES]
            choices = [(self.class_names[label], float(self.probabilities[place, label])) for label in likeliest]
            strange = ", none of these" if self.decisions[place] == NONE_OF_THESE else ""
            why = f"doubt {self.queue.doubt[place]:.2f}{strange}"
            shown.append({"path": self.paths[place], "name": self._name(place), "choices": choices, "why": why})
        return shown


def sort_images(
    source: str | Path, folder: str | Path, most: int = MOST, progress: Progress | None = None
) -> SortedImages:
    """Sort images without labels by which are worth labelling first. Nothing is written.

    Args:
        source: Folder of a run or of an exported bundle.
        folder: The images; all files in it and below.
        most: How many are chosen.
        progress: Receives how many images are predicted.

    Raises:
        ValueError: If the folder is empty, or none of its files is an image that can be read.

    Example:
        ::

            from imgcls.workflow.label_queue import sort_images

            found = sort_images("runs/photos-1", "new_photos", most=50)
            found.write()
            print(found.table())
    """
    folder = Path(folder)
    paths = list_images([folder])
    subject = Subject.of(source)
    if subject.is_multi_label:
        raise ValueError(
            f"The classifier {source} says of each class by itself whether an image has it, which the queue does not "
            "sort by yet. It takes classifiers that name one class an image."
        )
    predictor = subject.load()
    outputs = [EMBEDDING] if EMBEDDING in predictor.engine.outputs else []
    found = predictor.predict_files(paths, (progress or Progress()).of("Predicting", len(paths)), outputs=outputs)
    read = found.readable
    problems = [(str(path), why) for path, why in zip(found.paths, found.problems, strict=True) if why]
    if not read.any():
        raise ValueError(
            f"None of the {counted(len(paths), 'file')} in {folder} is an image that can be read; first "
            f"{problems[0][0]}: {problems[0][1]}. Name another folder with --unlabeled."
        )
    queue = label_queue(found.probabilities[read], found.outputs[EMBEDDING][read] if outputs else None, most)
    kept = [path for path, ok in zip(paths, read, strict=True) if ok]
    decisions = [decision for decision, ok in zip(found.decisions, read, strict=True) if ok]
    return SortedImages(
        subject, folder, kept, list(found.class_names), found.probabilities[read], decisions, queue, problems
    )
