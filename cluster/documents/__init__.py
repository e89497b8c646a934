"""Documents with a topic for each token: logical shards, their assignments, the plan of phases."""
