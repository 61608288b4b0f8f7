"""What a file of another format says of itself, so that it can be used without the rest of its bundle."""

import json

import imgcls
from imgcls.serving.export_format import ExportedClassifier


def file_metadata(classifier: ExportedClassifier) -> dict[str, str]:
    """What the metadata of a file shall hold, under keys and as text, because most formats know nothing else.

    Args:
        classifier: What is exported.

    Returns:
        class_names, a list in JSON, in the order of the outputs; preprocessing, an object in JSON with the fields of
        `imgcls.data.images.preprocessing.Preprocessing`; multi_label, true or false; architecture; licence_of_data;
        and imgcls, the version that wrote it.
    """
    return {
        "class_names": json.dumps(list(classifier.class_names), ensure_ascii=False),
        "preprocessing": json.dumps(classifier.preprocessing.to_dict()),
        "multi_label": json.dumps(classifier.multi_label),
        "architecture": classifier.architecture,
        "licence_of_data": classifier.licence,
        "imgcls": imgcls.__version__,
    }


def metadata_files(classifier: ExportedClassifier) -> dict[str, str]:
    """The same as texts of files, for a format whose metadata is files.

    Args:
        classifier: What is exported.

    Returns:
        labels.txt, a class name a line, in the order of the outputs; and imgcls.json, an object with the keys of
        `file_metadata`.
    """
    return {
        "labels.txt": "".join(f"{name}\n" for name in classifier.class_names),
        "imgcls.json": json.dumps(file_metadata(classifier), ensure_ascii=False, indent=1),
    }
