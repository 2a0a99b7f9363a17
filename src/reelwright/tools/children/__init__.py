"""Programs that open files nobody here made, each in a process of its own: `python -m reelwright.tools.children.NAME`.

NumPy's linear algebra would start a thread for each core, with memory of its own, whenever it is imported. None of the
children has work for them, and most live for a fraction of a second.
"""

import os
import sys

#: What `-m` puts there while it looks for the module it is to run: nobody else has imported this package.
if sys.argv[:1] == ["-m"]:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
