"""`lda.LDA`: fitting and what it knows afterwards, with the conventions of scikit-learn."""
