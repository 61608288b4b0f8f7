"""Long work as processes of their own, which outlive the browser and the app. Nothing here knows Streamlit."""
