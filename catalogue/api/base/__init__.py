"""What every view of the API shares: parameters in, language, pages, errors, and the OpenAPI document."""
