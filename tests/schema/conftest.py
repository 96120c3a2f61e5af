"""The toy zoo of documents, for every test here."""

from toy_documents import edit, stocked_zoo, toy_zoo

__all__ = ["edit", "stocked_zoo", "toy_zoo"]
