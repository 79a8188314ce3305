"""What the simulated account keeps: S3, DynamoDB and Secrets Manager."""
