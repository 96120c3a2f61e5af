"""Evaluation reports as text, tables, JSON and card metrics."""
