"""The report of a judgement, and the model card."""
