"""A server of exported models: which versions are in memory, and how requests reach them."""
