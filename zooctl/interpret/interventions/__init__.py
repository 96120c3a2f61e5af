"""Interventions: patterns put into sequence, and sites taken out of it, to measure their effect."""
