"""Files that start a server elsewhere: our own templates with the model's name in them."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[3] / "deploy"
ASKED_NAME = re.compile(r"\$\{MODEL_NAME:\?[^}]*\}")
TEMPLATE_NAME = re.compile(r"/models/photos(/[12])?|\bphotos\b")
ASKED_HINT = re.compile(r"^#   MODEL_NAME=\S+ docker compose -f \S+ up$", re.MULTILINE)


def compose_file(bundle: str, bundles: Path) -> str:
    """The official TensorFlow Serving in a container, on the folder of the exported models.

    Args:
        bundle: Name of the exported model.
        bundles: The folder with it.
    """
    text = (TEMPLATES / "compose.yaml").read_text("utf-8")
    text = ASKED_HINT.sub("#   docker compose -f compose.yaml up", text).replace("../saved_models:", f"{bundles}:")
    return ASKED_NAME.sub(bundle, text).replace("bundles of ../saved_models", f"bundles of {bundles}")


def kubernetes_file(bundle: str, version: str) -> str:
    """Our own server on Kubernetes, with the version that is exported now; the canary has no pods yet.

    Args:
        bundle: Name of the exported model.
        version: Its number.
    """
    text = (TEMPLATES / "serving-on-kubernetes.yaml").read_text("utf-8")
    text = re.sub(r"replicas: 1  #.*", "replicas: 0  # give it a newer version above, and pods here", text)
    names = {"photos": _label(bundle), "/models/photos": f"/models/{bundle}"}
    text = TEMPLATE_NAME.sub(lambda found: names.get(found[0], f"/models/{bundle}/{version}"), text)
    return text.replace("-f deploy/serving-on-kubernetes.yaml", f"-f {bundle}.yaml")


def _label(bundle: str) -> str:
    """The name as Kubernetes takes it: lower case letters, digits and hyphens, 40 at most."""
    return re.sub(r"[^a-z0-9]+", "-", bundle.lower()).strip("-")[:40].strip("-") or "model"
