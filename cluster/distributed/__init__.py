"""Ray: connecting, actors, their losses. The only folder that imports it."""
