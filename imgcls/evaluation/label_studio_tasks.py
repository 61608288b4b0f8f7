"""Tasks for Label Studio: images with what a classifier says of them, for a person to confirm or change.

The form is that of https://labelstud.io/guide/predictions. Label Studio sorts by the score of the predictions.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

FROM, TO = "label", "image"  # names of the controls of the labelling form
LOCAL_FILES = "/data/local-files/?d="  # before the path of a file below the folder that Label Studio may read


def task(
    image: str, choice: tuple[str, float], facts: dict[str, Any], model: str, image_url: str = LOCAL_FILES
) -> dict[str, Any]:
    """One task.

    Args:
        image: Path of the image, below the folder that Label Studio reads.
        choice: The likeliest class, and its probability.
        facts: What else the task shows, such as the doubt.
        model: Name of the classifier.
        image_url: What stands before the path in the image's address.
    """
    label, score = choice
    result = {
        "from_name": FROM,
        "to_name": TO,
        "type": "choices",
        "value": {"choices": [label]},
        "score": round(score, 6),
    }
    return {
        "data": {"image": image_url + quote(image), **facts},
        "predictions": [{"model_version": model, "score": round(score, 6), "result": [result]}],
    }


def labelling_form(class_names: Sequence[str]) -> str:
    """The labelling form (XML) that the tasks belong to: one class an image."""
    choices = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in class_names)
    return (
        f'<View>\n  <Image name="{TO}" value="$image"/>\n'
        f'  <Choices name="{FROM}" toName="{TO}" choice="single" showInline="true">\n{choices}\n  </Choices>\n</View>\n'
    )
