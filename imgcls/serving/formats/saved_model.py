"""The format that every bundle holds: a SavedModel of TensorFlow, which takes encoded images and pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from imgcls.engines.engine import PROBABILITIES, Engine, Outputs
from imgcls.serving.details import read_details
from imgcls.serving.export_format import BFLOAT16, ExportedClassifier
from imgcls.serving.loaded_model import LoadedModel, signature_shapes
from imgcls.serving.precision_format import PrecisionFormat
from imgcls.serving.signatures import OUTPUTS, PIXELS, make_signatures


class SavedModelEngine(Engine):
    """The signature "outputs" of a SavedModel; "pixels" of one that was written before there was that.

    Args:
        model: The SavedModel, loaded.
        class_names: The names of its outputs in the order of the answers. The signature "pixels" gives the likeliest
            first.
    """

    name = "TensorFlow"

    def __init__(self, model: LoadedModel, class_names: Sequence[str]) -> None:
        self.model = model
        self.device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
        definition = model.signature_defs.get(OUTPUTS)
        self.outputs = (PROBABILITIES,) if definition is None else tuple(sorted(definition.outputs))
        self._class_names = list(class_names)
        self._order = np.argsort(self._class_names)

    def predict(self, pixels: np.ndarray) -> Outputs:
        """Compute the network on a batch, as `Engine.predict` describes it."""
        if OUTPUTS in self.model.signature_defs:
            return self.model.run(OUTPUTS, {"pixels": pixels})
        found = self.model.run(PIXELS, {"pixels": pixels})
        names = np.char.decode(found["classes"].astype(bytes), "utf-8")
        places = self._order[np.searchsorted(self._class_names, names, sorter=self._order)]
        probabilities = np.empty_like(found["probabilities"])
        np.put_along_axis(probabilities, places, found["probabilities"], axis=1)
        return {PROBABILITIES: probabilities}


@dataclass(frozen=True)
class SavedModelFormat(PrecisionFormat):
    """A SavedModel. Its folder is the version itself, because TensorFlow Serving looks for it there.

    Attributes:
        precision: "float32", or "bfloat16" for a second SavedModel in a folder of its own, whose layers compute in it.
    """

    base_name, base_title = "saved_model", "TensorFlow SavedModel"
    precisions = (BFLOAT16,)
    needs = None

    def write(self, folder: Path, classifier: ExportedClassifier) -> dict[str, object]:
        """Write the SavedModel, and return the names, shapes and types of its inputs and outputs."""
        from keras.export import ExportArchive  # whoever loads a SavedModel does without Keras

        if self.precision == BFLOAT16:
            if classifier.in_bfloat16 is None:
                raise ValueError("This classifier cannot be computed in bfloat16. Export it without that precision.")
            classifier = classifier.in_bfloat16()
        archive = ExportArchive()  # it finds the weights by itself; after `track` they would be in the file twice
        for name, (function, specs) in make_signatures(classifier).items():
            archive.add_endpoint(name, function, input_signature=specs)
        archive.write_out(folder, verbose=False)
        return {"signatures": signature_shapes(folder)}

    def load(self, folder: Path) -> SavedModelEngine:
        """Load a SavedModel. Raises ValueError if it is damaged, or if it is an old one without its details."""
        model = LoadedModel(folder)
        return SavedModelEngine(model, () if OUTPUTS in model.signature_defs else read_details(folder)["class_names"])


FORMAT = SavedModelFormat()
