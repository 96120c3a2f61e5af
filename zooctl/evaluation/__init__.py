"""Agreement of predictions with measurements, beside baselines."""
