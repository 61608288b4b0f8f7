"""How commands begin, speak and end."""
