"""The history of runs: what was trained, how it went, and the checkpoints to go back to."""
