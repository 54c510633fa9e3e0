"""The pure core: what is true of tasks and runs, and the rules that change it."""
