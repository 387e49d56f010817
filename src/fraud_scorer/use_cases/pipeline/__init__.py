"""The minute's run: the five verbs, what they share, replay of what has landed, import of what came before."""
