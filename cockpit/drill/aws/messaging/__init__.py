"""SNS and SQS of the simulated account."""
