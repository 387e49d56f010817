"""`fraud-scorer check`: every setting and connection tried, each fault told with its cure."""
