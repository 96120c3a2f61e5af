"""Options, tables, progress bars and texts that commands share."""
