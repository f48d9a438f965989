"""The parts of an explanation: what a history says, what a domain calls it, and how it is put.

Pure: nothing here asks anybody or looks at a clock. The way in is shared.operations.explanation.
"""
