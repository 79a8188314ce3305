"""What can be asked for, a file per group; `screens.commands` puts the groups together."""
