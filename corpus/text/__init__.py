"""From text to tokens: recipes, patterns, markup, stop words, n-grams."""
