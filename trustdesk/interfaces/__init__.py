"""What a plugin is: small Protocols, the registry that finds plugins, and contract tests they must pass. Public API."""
