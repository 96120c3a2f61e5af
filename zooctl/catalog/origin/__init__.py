"""What others publish: terms, download and conversion of weights, and the ENCODE portal."""
