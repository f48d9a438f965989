"""The page that ``/`` shows: that the host is up, and where to look next."""

HOME_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>funchost</title></head>
<body style="font-family: sans-serif; max-width: 40em; margin: 4em auto">
<h1>Your Functions app is up and running</h1>
<p>It is served by funchost, a local host for Azure Functions in pure Python.</p>
<p><a href="/admin/functions">Its functions</a> ·
<a href="/admin/host/status">the host's state</a> ·
<a href="/runtime/webhooks/durabletask/instances">orchestration instances</a></p>
</body>
</html>
"""
