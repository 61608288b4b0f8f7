"""Numbers and judgement: what predictions are worth, as figures and as a page."""
