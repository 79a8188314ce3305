"""The compliance kit: what an account needs so that bounces and complaints are dealt with and somebody is told."""
