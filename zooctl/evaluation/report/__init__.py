"""Evaluation reports as values, tables, JSON and card metrics."""
