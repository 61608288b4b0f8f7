"""Registers the layers of imgcls with Keras as soon as both are imported, for `keras.models.load_model`.

Keras takes the class of a saved layer from its own packages or from those that are registered, and never imports
another package. So `import imgcls` registers them: at once if Keras is there, else when it has been imported.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

LAYERS = "imgcls.layers"  # whose import registers them all


class _AfterKeras:
    """A finder of modules that finds Keras as the others do, and has the layers imported after it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "keras":
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next((found for found in others if found), None)
        if spec is None or spec.loader is None:
            return None
        run = spec.loader.exec_module

        def run_and_register(module: ModuleType) -> None:
            run(module)
            importlib.import_module(LAYERS)

        spec.loader.exec_module = run_and_register  # type: ignore[method-assign]  # on this one loader, not on its class
        return spec


def register_layers() -> None:
    """Register the layers now or, where Keras has not been imported, right after it is; neither imports TensorFlow."""
    if "keras" in sys.modules:
        importlib.import_module(LAYERS)
    else:
        sys.meta_path.insert(0, _AfterKeras())
