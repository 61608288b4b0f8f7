"""What explain writes: why a network answers, what it has learned, where it looks in a photo."""
