"""One exported model: prediction, bundle, server and client."""
