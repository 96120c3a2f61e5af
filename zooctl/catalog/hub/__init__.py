"""The Hugging Face hub: its client, guarded, and the files downloaded from it."""
