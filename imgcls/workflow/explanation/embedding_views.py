"""The views of embeddings: the nearest training images, and all images as a map."""

import numpy as np
import pandas as pd

from imgcls.counted import counted
from imgcls.data.images.reading import read_images
from imgcls.evaluation.embedding_section import embedding_section
from imgcls.evaluation.pages.section import Section
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.neighbours import nearest_training_images
from imgcls.explain.drawing.heat import shown_image
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.embedding_map import embedding_map
from imgcls.workflow.evaluation_output import neighbours_of
from imgcls.workflow.explanation.explaining import Explaining
from imgcls.workflow.explanation.view import Found
from imgcls.workflow.explanation.written import file_name
from imgcls.workflow.predictions import predict_table
from imgcls.workflow.predictor import predictor_of_model

NEIGHBORS = 6  # training images beside each image


def show_neighbors(explaining: Explaining) -> Found:
    """The training images that the network takes for most like each image."""
    if explaining.run is None:
        raise ValueError("--show neighbors looks among training images, which a run has. Name a run.")
    network, (pixels, names, problems) = explaining.network, explaining.shown_images
    training = neighbours_of(explaining.run, explaining.progress)
    if not len(pixels) or training is None:
        return Found(problems=tuple(problems))
    found = network.run(pixels)
    probabilities = np.asarray(network.probabilities(found.logits))
    said = [network.class_names[place] for place in probabilities.argmax(1)]
    asked = PredictionTable(
        pd.DataFrame({"image": names, "label": said}),
        network.class_names,
        probabilities,
        embeddings=np.asarray(found.embedding),
    )
    near = nearest_training_images(asked, training, NEIGHBORS)
    rows = [
        [Picture(shown_image(image), name, (f"predicted: {answer}",)), *_training(explaining, training, places, alike)]
        for image, name, answer, places, alike in zip(pixels, names, said, near.places, near.similarities, strict=True)
    ]
    explaining.written.contact_sheets("neighbors", rows, f"Nearest training images by {network.name}")
    for place, (name, row) in enumerate(zip(names, rows, strict=True), 1):
        sentence = f"{name} beside the training images with the nearest features."
        section = Section(f"neighbors-{place}-{file_name(name)}", f"Neighbors of {name}", (sentence,))
        explaining.written.section(section, row, 132)
    labels = training.rows["label"].to_numpy()[near.places]
    agree = float((labels == np.array(said, object)[:, None]).mean())
    said_all = f"{counted(len(pixels), 'image')} with neighbors, {100 * agree:.0f} % of them of the predicted class."
    return Found((said_all,), None, tuple(problems))


def _training(
    explaining: Explaining, training: PredictionTable, places: np.ndarray, alike: np.ndarray
) -> list[Picture]:
    """The training images at some places; one that cannot be read any more is left out."""
    some = training.take(places)
    outcomes = read_images(some.paths(), explaining.preprocessing, some.boxes())
    return [
        Picture(shown_image(outcome.result), str(label), (f"cosine {similarity:.2f}", outcome.path.name))
        for outcome, label, similarity in zip(outcomes, some.rows["label"], alike, strict=True)
        if not outcome.problem
    ]


def show_embedding(explaining: Explaining) -> Found:
    """All images as a map of two dimensions by their features, with classes and mistakes."""
    request, looked_at = explaining.request, explaining.looked_at
    predictor = predictor_of_model(explaining.network.model)
    report = explaining.progress.of("Predicting", len(looked_at))
    facts = {"data": looked_at.part, "split": request.split, "split_hash": "", "model": ""}
    table = predict_table(predictor, looked_at.manifest, looked_at.rows, facts, report)
    found = embedding_map(np.asarray(table.embeddings), request.reduction, request.seed)
    shown = table.take(found.places)
    section = embedding_section(
        found.coordinates, shown, found.method, found.trustworthiness, (looked_at.part, *found.sentences)
    )
    written = explaining.written
    written.table(
        "embedding",
        pd.DataFrame(
            {
                "image": shown.rows["image"].to_numpy(),
                "label": shown.rows["label"].to_numpy(),
                "predicted": [shown.class_names[place] for place in shown.predicted],
                "x": found.coordinates[:, 0],
                "y": found.coordinates[:, 1],
            }
        ),
    )
    written.section(section)
    return Found(section.sentences[:1])
