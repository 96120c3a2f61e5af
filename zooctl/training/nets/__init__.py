"""The networks, one file a family.

Each maps a one-hot of shape ``(n, 4, input_length)`` to predictions ``(n, n_tracks, n_bins)``.
"""
