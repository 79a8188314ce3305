"""Pages, policies and load balancers' targets."""
