"""The function that packs stored images into a zip of any size, with little memory.

`POST /downloadzip` invokes it through Lambda's API: it has no route of its own.
"""
