"""Settings under which training gives the same bits again."""
