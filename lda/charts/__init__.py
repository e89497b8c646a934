"""Charts of a model, and the tables behind them."""
