-- Forget what an earlier comparison of a day said of each feature; its drift_days row is locked by now.
delete from feature_drift
where day = %(day)s and model_hash = %(model_hash)s
