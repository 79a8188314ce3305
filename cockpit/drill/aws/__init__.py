"""A simulated AWS account: real wire protocols from the SDK's own service models, behaviour kept in memory."""
