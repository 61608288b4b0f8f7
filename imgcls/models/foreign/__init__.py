"""Models of other Keras projects as networks of ours: everything that reads one stands here."""
