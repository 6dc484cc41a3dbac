"""The list in the forms other systems read: mappings from sealed documents, no HTTP."""
