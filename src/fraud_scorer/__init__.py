"""Scores a payments API minute by minute: extract, transform, score, load, alert.

The rooms, in the way of a payment: ``steps`` (five verbs), ``payments`` (decode and validate), ``features``,
``adapters`` (the outside: API, landing, PostgreSQL, SageMaker, SMTP), ``messages`` (e-mails), ``training``,
``operations`` (migrate, check, watch, the local stack), ``wiring`` (settings choose the real things), ``cli``.
"""
