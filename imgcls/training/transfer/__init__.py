"""What is trained of a network that starts from given weights, and its head."""
