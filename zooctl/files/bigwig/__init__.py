"""bigWig: read by numpy alone, and written in a child process."""
