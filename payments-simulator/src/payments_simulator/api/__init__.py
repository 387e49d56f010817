"""The HTTP side: answers, their faults, the list of what was handed out."""
