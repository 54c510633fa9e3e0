"""The parts of `ECSWorkflowEngine`, each about one thing an engine is asked for."""
