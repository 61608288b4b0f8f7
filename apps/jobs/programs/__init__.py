"""Programs of the app itself, which jobs run as processes of their own."""
