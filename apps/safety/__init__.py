"""Who may open the app: who knows a password, or has an account. What it may open: `safety.allowed_paths`."""
