"""Landing: the API's answers as received, on this machine's disk and, where the settings say so, in a bucket."""
