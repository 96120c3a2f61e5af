"""Prediction of tracks on the genome grid."""
