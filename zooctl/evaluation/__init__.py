"""How well predictions agree with measurements, beside baselines."""
