"""Everything that the window, the command line and the tests share; knows nothing of Qt."""

import os

# The threads of NumPy's matrix products look out for more work for 2^26 ticks of the processor before they sleep, and
# offer their core to every other program meanwhile, which then keeps it for milliseconds: time for fifty products. A
# thread that sleeps is woken at once. So let them sleep after 2^4 ticks (decision 0020). OpenBLAS reads it when NumPy
# is imported, which nothing does before this package.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
