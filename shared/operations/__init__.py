"""Operating workflows of any domain: which types there are, and what may be done with instances.

The JSON API (workflows.management) and the pages for operators stand on this. Knows no domain: each
registers its ``WorkflowType``.
"""
