"""What a run computes on: tf.distribute strategies, clusters, precision, XLA, the layout."""
