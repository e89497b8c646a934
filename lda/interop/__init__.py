"""Models and documents in the forms of other programs: a file a partner, imported when it is asked for."""
