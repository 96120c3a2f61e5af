"""bigWig: read, and written in a child process."""
