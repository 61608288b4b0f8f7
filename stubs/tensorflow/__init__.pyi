"""What mypy has to know of TensorFlow, which ships no types: the decorators. The rest is Any."""

from collections.abc import Callable
from typing import Any, TypeVar

from tensorflow import autograph as autograph

_Function = TypeVar("_Function", bound=Callable[..., Any])

def function(**options: Any) -> Callable[[_Function], _Function]: ...
def __getattr__(name: str) -> Any: ...
