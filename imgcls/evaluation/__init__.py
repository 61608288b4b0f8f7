"""How good predictions are, as figures and as a page."""
