"""Pages for people: the contract with a way to try each route, and a console for operators.

Static files, no build step and nothing from another origin. They read this API alone, through its public
routes, so that whatever they show a script can have too.
"""
