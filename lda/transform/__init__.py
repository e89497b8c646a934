"""Topics of the documents of a whole corpus, written as one file or a folder of parts."""
