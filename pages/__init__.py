"""Web pages: the contract with a form to try each route, and a console for operators.

They are static files without a build step and load nothing from another origin. They use only the public
routes, so a script can get everything that they show.
"""
