"""From what `--data` names (a folder, annotations, a card, a TFDS name) to a manifest."""
