"""Sinks: what was decided, told elsewhere: to the console, files, webhooks, chats, people, or what a package brings."""
