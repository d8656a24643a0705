"""What people type for a stack, checked: its models, reading it with every problem at once, and what it asks for."""
