"""How good a track is: metrics, baselines and the command that prints both."""
