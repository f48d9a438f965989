"""What the application reports of its workflows to Application Insights, beside what the host does.

`port` says what can be told and what an exporter is; `reporting` is where it is told; `following`
wraps the registered functions, so that no domain has to. The libraries behind the exporters are
imported when one of them is chosen, and never otherwise. docs/observability.md tells the rest.
"""
