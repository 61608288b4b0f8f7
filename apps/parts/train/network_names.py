"""Whether a network that somebody typed is one, before a run begins with it. Nothing here needs TensorFlow."""

from difflib import get_close_matches

from imgcls.models import list_models
from imgcls.models.registry import is_foreign

AUTO = "auto"
NEAREST = 3  # names that are said
LIKE = 0.6  # of names, as difflib measures it


def check_network(name: str) -> None:
    """Check a name that stands for a network of imgcls; what is in a file, or of another project, the run looks at.

    Raises:
        ValueError: There is none, with the nearest names.
    """
    if name == AUTO or name.endswith(".py") or is_foreign(name) or name in list_models():
        return
    near = get_close_matches(name.lower().replace("-", "_"), list_models(), NEAREST, LIKE)
    nearest = f"The nearest are {', '.join(near)}. " if near else ""
    raise ValueError(
        f"There is no network {name!r}. {nearest}Choose one from the list under “Model”, or type the path of a "
        "Keras model, which ends in .keras, or a model of Keras, such as keras_applications:MobileNetV2."
    )
