"""Pictures of what a network does: why it answers, what its units look for, where in an image it looks."""
