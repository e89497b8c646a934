"""What a fit is told and what it hands over: settings, results, errors. Leaves: anybody may import them."""
