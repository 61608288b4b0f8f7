"""Who may open the app: who knows a password, or has an account. What it may open: `parts.allowed_paths`."""
