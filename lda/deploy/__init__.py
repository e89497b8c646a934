"""Files that start a fit elsewhere: Docker, KubeRay, Ray clusters, Slurm; how large a cluster it needs."""
