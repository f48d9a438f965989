"""Which of several routes a request means: a table of templates, verbs and targets.

The verb is a constraint like any other: a route that does not take it does not match, and another
one may. What a target is, is the caller's business.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from funchost.http.templates import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Route[Target]:
    """A template, the verbs it takes in upper case (none: any), and where it leads."""

    template: Template
    target: Target
    methods: frozenset[str] = frozenset()

    def takes(self, method: str) -> bool:
        """Tell whether the route is open to a verb."""
        return not self.methods or method.upper() in self.methods


def route[Target](text: str, target: Target, *methods: str) -> Route[Target]:
    """Return the route of a template's text; raises TemplateError."""
    verbs = frozenset(method.upper() for method in methods)
    return Route(template=Template.parse(text), target=target, methods=verbs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match[Target]:
    """A route that fits, and the values of its parameters."""

    target: Target
    values: dict[str, str]


class RouteTable[Target]:
    """Routes by precedence, those of equal precedence in the order given."""

    def __init__(self, routes: Iterable[Route[Target]]) -> None:
        self._routes = sorted(routes, key=lambda one: one.template.precedence)

    def find(self, method: str, path: Sequence[str]) -> Match[Target] | None:
        """Return the first route that fits a verb and the decoded segments of a path."""
        for one in self._routes:
            if not one.takes(method):
                continue
            values = one.template.match(path)
            if values is not None:
                return Match(target=one.target, values=values)
        return None
