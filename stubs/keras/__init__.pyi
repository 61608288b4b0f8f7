"""What mypy has to know of Keras, which ships no types: the classes that imgcls derives from. The rest is Any."""

from typing import Any

from keras import callbacks as callbacks
from keras import layers as layers
from keras import optimizers as optimizers

def __getattr__(name: str) -> Any: ...
