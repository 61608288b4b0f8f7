"""What the app keeps on disk. Nothing here knows Streamlit or TensorFlow."""
