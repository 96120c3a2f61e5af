"""Pictures of tracks, logos, evaluations and searches."""
