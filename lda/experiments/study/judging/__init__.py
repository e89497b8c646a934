"""What the trials of a study say together: a row of numbers for each candidate, and what to make of them."""
