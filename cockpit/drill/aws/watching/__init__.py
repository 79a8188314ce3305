"""CloudWatch metrics, alarms and logs, and AWS Health of the simulated account."""
