"""The work behind `./dev`: one module a word or a concern, standard library only.

Standard library only, because this code runs before anything is installed. Finding Python 3.13
is not here but in the `dev` script itself, which runs before Python does.
"""
