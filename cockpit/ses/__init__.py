"""What is decided about sending by SES: rates and their runway, feedback, suppression, alarms. Pure."""
