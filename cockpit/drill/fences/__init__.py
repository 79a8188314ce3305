"""Nothing leaves the machine from inside a drill."""
