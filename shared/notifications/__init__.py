"""Letters to people and how they want them: what a letter looks like, which channel was chosen.

What is said, to whom and when belongs to the domains; how it gets there is shared.post's business.
"""
