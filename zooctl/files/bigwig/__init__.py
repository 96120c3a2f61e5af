"""bigWig: reading, and writing in a child process."""
