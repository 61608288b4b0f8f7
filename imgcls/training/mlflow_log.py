"""The log of a run in MLflow."""

from dataclasses import asdict
from typing import Any

import keras

from imgcls.run_folder import RunFolder


class MLflowLog(keras.callbacks.Callback):
    """Sends MLflow the run's config and each epoch's metrics.

    Args:
        run: the run folder.
        first_step: where this start of the run begins; the config is sent at 0.

    Raises:
        ValueError: MLflow is not installed.
    """

    def __init__(self, run: RunFolder, first_step: int) -> None:
        super().__init__()
        try:
            import mlflow
        except ImportError as error:
            raise ValueError("--mlflow needs MLflow: pip install imgcls[mlflow]") from error
        self.mlflow, self.run, self.first_step = mlflow, run, first_step

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Start MLflow's run."""
        self.mlflow.start_run(run_name=self.run.path.name)
        if self.first_step == 0:
            for section, values in asdict(self.run.config).items():
                values = values if isinstance(values, dict) else {section: values}
                self.mlflow.log_params({f"{section}.{name}": value for name, value in values.items()})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Send the metrics."""
        self.mlflow.log_metrics(logs or {}, step=epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """End MLflow's run."""
        self.mlflow.end_run()
