"""What the page of all projects is made of."""
