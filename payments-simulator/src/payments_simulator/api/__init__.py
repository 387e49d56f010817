"""The HTTP side: answers, their faults, the list of answers that were handed out."""
