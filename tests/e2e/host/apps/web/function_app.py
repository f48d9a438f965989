"""HTTP functions of every shape."""

import json
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


def _json(value: Any, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), status_code=status, mimetype="application/json")


@app.route(route="echo/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    """Tell what was received."""
    return _json(
        {
            "method": req.method,
            "url": req.url,
            "params": dict(req.route_params),
            "query": dict(req.params),
            "headers": dict(req.headers),
            "body": req.get_body().decode("latin-1"),
        }
    )


@app.route(route="items/{number:int:min(1)}", methods=["GET"])
def numbered(req: func.HttpRequest) -> func.HttpResponse:
    """Match whole numbers from 1."""
    return _json(["number", req.route_params["number"]])


@app.route(route="items/{name:alpha}", methods=["GET"])
def named(req: func.HttpRequest) -> func.HttpResponse:
    """Match letters."""
    return _json(["name", req.route_params["name"]])


@app.route(route="greet/{name?}", methods=["GET"])
async def greet(req: func.HttpRequest) -> str:
    """Return plain text."""
    return f"hello {req.route_params.get('name', 'nobody')}"


@app.route(route="things", methods=["GET"])
def list_things(req: func.HttpRequest) -> func.HttpResponse:
    """Share a route with another method."""
    return _json({"listed": req.method})


@app.route(route="things", methods=["POST"])
def add_thing(req: func.HttpRequest) -> func.HttpResponse:
    """Take JSON; say 400 to anything else."""
    try:
        return _json(req.get_json(), 201)
    except ValueError:
        return _json("not JSON", 400)


@app.route(route="form", methods=["POST"])
def form(req: func.HttpRequest) -> func.HttpResponse:
    """Take a form with files."""
    files = {name: file.read().decode() for name, file in req.files.items()}
    return _json({"fields": dict(req.form), "files": files})


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    """Set two cookies and a header of its own."""
    response = func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream")
    sent: dict[str, str] = dict(req.headers)
    response.headers["X-Seen"] = sent["cookie"]
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "b=2; Max-Age=60; Secure")
    return response


@app.route(route="gone", methods=["DELETE"])
def gone(req: func.HttpRequest) -> func.HttpResponse:
    """Say nothing."""
    del req
    return func.HttpResponse(status_code=204)


@app.route(route="boom")
def boom(req: func.HttpRequest) -> func.HttpResponse:
    """Fail with something that no client may see."""
    raise RuntimeError(f"secret of {req.params.get('id')}")


@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    """Forget to return a response."""
    del req
    return None  # type: ignore[return-value]  # that is the case under test


@app.route(route="off")
@app.function_name("switched_off")
def off(req: func.HttpRequest) -> func.HttpResponse:
    """Be disabled by an app setting."""
    del req
    return _json("on")
