"""What a network learns from: data sets, IDX files, drawings and image files."""
