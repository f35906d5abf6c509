"""Everything that the window, the command line and the tests share; knows nothing of Qt."""
