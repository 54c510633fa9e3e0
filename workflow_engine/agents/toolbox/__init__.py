"""Tools that models may have called: functions, files, programs, the web, MCP servers, plugins."""
