"""The archive for programs of the Virtual Observatory, such as Aladin, TOPCAT and pyvo.

SIA 2.0 over ObsCore 1.1, both standards of the IVOA.
"""
