"""A module that makes a template process fail to start: it closes its socket shortly before it ends."""

import os
import sys
import time

os.close(sys.stdin.fileno())
time.sleep(0.2)
raise ImportError("on purpose")
