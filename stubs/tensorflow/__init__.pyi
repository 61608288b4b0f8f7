"""What mypy has to know of TensorFlow, which ships no types: the decorators. The rest is Any."""

from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, overload

from tensorflow import autograph as autograph

_P = ParamSpec("_P")
_R = TypeVar("_R", covariant=True)

class _Traced(Generic[_P, _R]):
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Any: ...

@overload
def function(func: Callable[_P, _R], /, input_signature: Any = ..., **options: Any) -> _Traced[_P, _R]: ...
@overload
def function(*, input_signature: Any = ..., **options: Any) -> Callable[[Callable[_P, _R]], _Traced[_P, _R]]: ...
def __getattr__(name: str) -> Any: ...
