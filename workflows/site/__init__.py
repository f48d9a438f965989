"""What every page needs and no domain owns: the style sheet, and a developer's sign-in.

Knows no domain. How pages are made is in shared.pages, who is believed in shared.identity.
"""
