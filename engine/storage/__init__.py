"""What lasts: model files, settings and the history of runs, under one folder."""
