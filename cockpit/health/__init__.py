"""From readings to verdicts, from verdicts to alerts. Pure: values in, values out."""
