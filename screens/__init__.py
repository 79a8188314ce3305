"""What the incident commander sees and presses. Knows the desk and Textual, never a row and never a socket."""
