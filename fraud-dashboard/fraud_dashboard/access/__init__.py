"""Who may open a page: the guard before each request, the sign-in, and the link to return to after it."""
