"""The variables that the next step depends on, and their values by number."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from imgcls.framework_internals import averaged_variables, learning_rate_schedule, seed_generators
from imgcls.training.step import LossScale


@dataclass(frozen=True, eq=False)
class WeightGroups:
    """The weights of a model by whether a run changes them.

    Attributes:
        trained: the variables that any stage of the run trains.
        fixed: ids of the weights that no stage changes; checkpoints leave them out.
    """

    trained: Sequence[keras.Variable]
    fixed: Collection[int] = ()


class TrainerVariables:
    """All variables that the next step depends on.

    They are the model's weights, the random state of dropout (which Keras saves nowhere), and the variables of the
    optimizer, of the learning rate and of the loss scale. Their values are named by their numbers, such as "00012".

    Args:
        model: whose weights they are.
        optimizer: built on the trained variables.
        loss_scale: in float16.
        fixed: ids of the weights that no stage changes.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss_scale: LossScale | None,
        fixed: Collection[int],
    ) -> None:
        self.model, self.optimizer, self.loss_scale = model, optimizer, loss_scale
        self._fixed = {i for i, weight in enumerate(model.weights) if id(weight) in fixed}

    def weights(self) -> dict[str, np.ndarray]:
        """The values of the model's weights, without those that no stage changes."""
        return {f"{i:05d}": as_array(v) for i, v in enumerate(self.model.weights) if i not in self._fixed}

    def fixed_weights(self) -> dict[str, np.ndarray]:
        """The values of the model's weights that no stage changes."""
        return {f"{i:05d}": as_array(v) for i, v in enumerate(self.model.weights) if i in self._fixed}

    def set_weights(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over what `weights` or `fixed_weights` returned."""
        for name, array in arrays.items():
            self.model.weights[int(name)].assign(array)

    def arrays(self) -> dict[str, np.ndarray]:
        """The values of all variables, without the weights that no stage changes."""
        count = len(self.model.weights)
        others = {f"{i:05d}": as_array(v) for i, v in enumerate(self._other_variables(), start=count)}
        return {**self.weights(), **others}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over what `arrays` returned. Raises ValueError if the arrays belong to another network."""
        variables = [*self.model.weights, *self._other_variables()]
        expected = {f"{i:05d}": tuple(v.shape) for i, v in enumerate(variables) if i not in self._fixed}
        found = {name: array.shape for name, array in arrays.items()}
        if expected != found:
            differing = sorted(set(expected.items()) ^ set(found.items()))[:3]
            raise ValueError(f"The checkpoint is of another network than this run's; they differ in {differing}.")
        for name, array in arrays.items():
            variables[int(name)].assign(array)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within, the model has the exponential moving average (EMA) of its weights, which the optimizer keeps."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for variable, average in averaged_variables(self.optimizer):
            value = as_array(variable)
            variable.assign(as_array(average))
            average.assign(value)

    def _other_variables(self) -> list[keras.Variable]:
        generators = seed_generators(self.model)
        rate = getattr(learning_rate_schedule(self.optimizer), "factor", None)
        scale = self.loss_scale.variables if self.loss_scale else []
        return [*(g.state for g in generators), *self.optimizer.variables, *([] if rate is None else [rate]), *scale]


def as_array(variable: keras.Variable) -> np.ndarray:
    """The value of a variable under any strategy; Keras' own conversion makes NumPy warn there."""
    array: np.ndarray = tf.convert_to_tensor(variable.value).numpy()
    return array
