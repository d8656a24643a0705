"""The rotation function's door. Its path stands in AWS, in the settings of every deployed function, and stays."""
