"""The Hugging Face hub: its client, and what was downloaded from it."""
