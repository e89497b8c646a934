"""What can be asked: our own form, Open Inference V2, MLflow's, the repository of models, health."""
