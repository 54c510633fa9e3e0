"""The REST API: the engine's commands and queries over HTTP, under ``/api/v1``.

One table of operations (`workflow_engine.ui.api.table`) makes the routes, reads and checks the requests, and is what
the OpenAPI document and the reference page show.  So none of the four can say what another does not do.
"""
