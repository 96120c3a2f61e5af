"""The reproduction report: levels, equivalence, text and pictures."""
