from typing import Any

from tensorflow.autograph import experimental as experimental

def __getattr__(name: str) -> Any: ...
