"""A module with which a template process fails to start: its socket closes a moment before it has ended."""

import os
import sys
import time

os.close(sys.stdin.fileno())
time.sleep(0.2)
raise ImportError("on purpose")
