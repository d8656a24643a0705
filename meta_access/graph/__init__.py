"""Meta's Graph API: the protocol without IO, the client, and one module per noun."""
