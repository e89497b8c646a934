"""Corpus folders, on disk and in object stores: manifest, Arrow files, checks."""
