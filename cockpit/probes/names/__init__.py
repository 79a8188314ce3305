"""Ask DNS servers, each on its own."""
