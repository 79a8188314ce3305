"""What one person at one terminal can see and do; screens and the command line talk to this and nothing else."""
