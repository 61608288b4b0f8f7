"""Which test images are in which part, as the report divides them. Kept as a file."""

from pathlib import Path


def members(run: str, split: str, file: str) -> None:
    """Find the images of each part.

    Args:
        run: Folder of the run.
        split: Whose predictions are read.
        file: The JSON that is written: for each part's title the places of its images in the table of predictions.
    """
    from imgcls.evaluation.prediction_table import PredictionTable
    from imgcls.evaluation.slices import find_slices
    from imgcls.files import write_json
    from imgcls.run_folder import RunFolder

    found = find_slices(PredictionTable.load(RunFolder(run).predictions_file(split)))
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    write_json(Path(file), {each.title: each.members.tolist() for each in found.slices})
