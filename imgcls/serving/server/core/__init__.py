"""The models that a server has in memory: which versions, on which engine, and how requests share them."""
