"""The dashboard: Streamlit pages over the report views of `fraud_db`. It imports nothing of the pipeline."""
