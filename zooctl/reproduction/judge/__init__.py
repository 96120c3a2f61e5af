"""Verdict of a reproduction, a pure function of the entry and the evidence."""
