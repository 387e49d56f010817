"""The fraud analyst's desk: Streamlit pages over `fraud_db`'s report views. Imports nothing of the pipeline."""
