"""Which files a corpus is made of, in which parts they are read, and how their bytes come here."""
