"""Health at one terminal: the board, alerts, the past of a target, sending by SES."""
