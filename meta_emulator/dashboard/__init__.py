"""The dashboard on the Graph port: Meta's side for a person with a browser, and the emulator's own knobs."""
