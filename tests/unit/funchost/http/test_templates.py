"""Route templates: what they match, what they give, what is refused."""

import pytest

from funchost.http.routes import RouteTable, route
from funchost.http.templates import Template, TemplateError


def values(template: str, path: str) -> dict[str, str] | None:
    return Template.parse(template).match(path.removeprefix("/").split("/"))


MATCHES: list[tuple[str, str, dict[str, str] | None]] = [
    ("api/orders", "/api/orders", {}),
    ("api/orders", "/API/Orders", {}),
    ("api/orders", "/api/orders/", {}),
    ("api/orders", "/api", None),
    ("api/orders", "/api/orders/1", None),
    ("/api/orders/", "/api/orders", {}),
    ("", "/", {}),
    ("", "/x", None),
    ("a/{x}", "/a/1", {"x": "1"}),
    ("a/{x}", "/a/ a\nb ", {"x": " a\nb "}),
    ("a/{x}", "/a", None),
    ("a/{x}", "/a/", None),
    ("a/{x}", "/a//", None),
    ("a/{X}", "/a/Value", {"X": "Value"}),
    ("a/{x?}", "/a", {}),
    ("a/{x?}", "/a/1", {"x": "1"}),
    ("a/{x?}/{y?}", "/a/1", {"x": "1"}),
    ("a/{x?}/b", "/a/b", None),
    ("a/{x=one}", "/a", {"x": "one"}),
    ("a/{x=one}", "/a/two", {"x": "two"}),
    ("a/{x=}", "/a", {"x": ""}),
    ("a/{x=1}/{y=2}", "/a/3", {"x": "3", "y": "2"}),
    ("a/{x:int=7}", "/a", {"x": "7"}),
    ("a/{*rest}", "/a/b/c", {"rest": "b/c"}),
    ("a/{*rest}", "/a/b/", {"rest": "b/"}),
    ("a/{*rest}", "/a//b", {"rest": "/b"}),
    ("a/{*rest}", "/a", {}),
    ("a/{*rest}", "/a/", {}),
    ("a/{**rest}", "/a/b/c", {"rest": "b/c"}),
    ("a/{*rest=x}", "/a", {"rest": "x"}),
    ("{*rest}", "/", {}),
    ("{*rest:minlength(3)}", "/ab", None),
    ("{*rest:minlength(3)}", "/a/b", {"rest": "a/b"}),
    ("{a}-{b}", "/x-y-z", {"a": "x-y", "b": "z"}),
    ("v{major}.{minor}", "/V1.2", {"major": "1", "minor": "2"}),
    ("v{major}.{minor}", "/v1", None),
    ("{name}.{ext?}", "/read.me.txt", {"name": "read.me", "ext": "txt"}),
    ("{name}.{ext?}", "/readme", {"name": "readme"}),
    ("{a:int}-{b:alpha}", "/1-b", {"a": "1", "b": "b"}),
    ("{a:int}-{b:alpha}", "/1-2", None),
    ("{{x}}/{y}", "/{x}/1", {"y": "1"}),
    (r"{x:regex(^\d{{3}}-\w+$)}", "/123-ab", {"x": "123-ab"}),
    (r"{x:regex(^\d{{3}}-\w+$)}", "/1234-ab", None),
    ("{x:regex(^(a|b)?c$)}", "/C", {"x": "C"}),
    ("{x:int:min(5)}", "/7", {"x": "7"}),
    ("{x:int:min(5)}", "/4", None),
    ("{x:int?}", "/", {}),
    ("{x:int?}", "/a", None),
    ("straße", "/STRASSE", {}),
]


@pytest.mark.parametrize(("template", "path", "expected"), MATCHES)
def test_a_template_gives_the_values_of_a_path(
    template: str, path: str, expected: dict[str, str] | None
) -> None:
    assert values(template, path) == expected


CONSTRAINTS: list[tuple[str, list[str], list[str]]] = [
    ("int", ["0", "-2147483648", "+7", " 7 "], ["2147483648", "1.0", "", "x", "٣", "9" * 5000]),
    ("long", ["9223372036854775807", "-1"], ["9223372036854775808", "1e3"]),
    ("bool", ["true", "FALSE", " True "], ["1", "yes"]),
    ("datetime", ["2026-01-31", "2026-01-31T10:00:00Z", "12-31-2026", "2026-01-31 4:30 PM"], ["x"]),
    ("datetime", ["2026-01-31T10:00:00.1234567+02:00"], ["2026-02-30", "31", ""]),
    ("decimal", ["1", "-1.5", "1,000.25", ".5"], ["1e3", "x", ".", "9" * 40]),
    ("double", ["1", "1.5e-3", "-.5", "NaN", "Infinity"], ["x", "1e", "."]),
    ("float", ["1.5"], ["1.5.5"]),
    (
        "guid",
        [
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "0F8FAD5BD9CB469FA16570867728950E",
            "{0f8fad5b-d9cb-469f-a165-70867728950e}",
            "(0f8fad5b-d9cb-469f-a165-70867728950e)",
        ],
        ["0f8fad5b", "{0f8fad5b-d9cb-469f-a165-70867728950e)", "g" * 32],
    ),
    ("alpha", ["abc", "ABC"], ["a1", "é", "a b"]),
    ("minlength(2)", ["ab"], ["a"]),
    ("maxlength(2)", ["ab"], ["abc"]),
    ("length(2)", ["ab"], ["a", "abc"]),
    ("length(1, 2)", ["a", "ab"], ["abc"]),
    ("min(10)", ["10", "11"], ["9", "x", "10.5"]),
    ("max(10)", ["10", "-3"], ["11", ""]),
    ("range(1,3)", ["1", "3"], ["0", "4", "a"]),
    ("regex(^a.c$)", ["abc", "AXC"], ["ab"]),
    ("regex(b)", ["abc"], ["xyz"]),
    ("required", ["a"], []),
    ("INT", ["1"], ["a"]),
    ("file", ["a.txt"], ["a", "a."]),
    ("nonfile", ["a"], ["a.txt"]),
]


@pytest.mark.parametrize(("constraint", "good", "bad"), CONSTRAINTS)
def test_a_constraint_accepts_what_aspnet_accepts(
    constraint: str, good: list[str], bad: list[str]
) -> None:
    template = Template.parse(f"{{x:{constraint}}}")

    assert [text for text in good if template.match([text]) is None] == []
    assert [text for text in bad if template.match([text]) is not None] == []


REFUSED = [
    ("a//b", "two slashes"),
    ("a/{x", "unexpected '{'"),
    ("a/x}", "unexpected '}'"),
    ("a/b?c", "unexpected '?'"),
    ("{}", "unexpected"),
    ("{*rest}/a", "not its last segment"),
    ("a-{*rest}", "not a segment of its own"),
    ("{x}{y}", "touch each other"),
    ("{x}/{X}", "a parameter twice"),
    ("{x=1?}", "cannot have a default"),
    ("{x:nope}", "no constraint 'nope'"),
    ("{x:min}", "takes an argument"),
    ("{x:int(3)}", "takes no argument"),
    ("{x:min(a)}", "does not take 'a'"),
    ("{x:range(1)}", "does not take '1'"),
    ("{x:length(1,2,3)}", "does not take"),
    ("{x:regex([)}", "does not take"),
    ("{x:regex(a}", "takes an argument"),
    ("{x/y}", "is not a parameter|neither"),
    ("{?}", "is not a parameter"),
]


@pytest.mark.parametrize(("template", "reason"), REFUSED)
def test_a_malformed_template_is_refused_with_a_reason(template: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        Template.parse(template)


PRECEDENCE = [
    ("/a/b", "literal"),
    ("/a/7", "constrained"),
    ("/a/v-7", "complex"),
    ("/a/x", "parameter"),
    ("/a/x/y", "catch-all"),
    ("/z", "root"),
]


@pytest.mark.parametrize(("path", "winner"), PRECEDENCE)
@pytest.mark.parametrize("reverse", [False, True], ids=["as given", "reversed"])
def test_the_more_specific_route_wins_in_whatever_order_they_come(
    path: str, winner: str, *, reverse: bool
) -> None:
    routes = [
        route("{*all}", "root"),
        route("a/{*rest}", "catch-all"),
        route("a/{x}", "parameter"),
        route("a/v-{n}", "complex"),
        route("a/{x:int}", "constrained"),
        route("a/b", "literal"),
    ]
    table = RouteTable(reversed(routes) if reverse else routes)

    found = table.find("GET", path.split("/")[1:])

    assert found is not None
    assert found.target == winner


def test_of_equals_the_first_registered_wins() -> None:
    table = RouteTable([route("a/{x}", 1), route("a/{y}", 2)])

    found = table.find("GET", ["a", "b"])

    assert found is not None
    assert found.target == 1


def test_a_route_for_another_verb_does_not_stand_in_the_way() -> None:
    table = RouteTable([route("a/b", "literal", "get"), route("a/{x}", "any")])

    found = table.find("post", ["a", "b"])

    assert found is not None
    assert (found.target, found.values) == ("any", {"x": "b"})
    assert table.find("POST", ["b"]) is None
