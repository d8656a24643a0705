"""Commands about what people do at Meta: the board of gates, statements, evidence, texts for App Review."""
