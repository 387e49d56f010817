"""Alert channels: each sends one message by ``ports.Mailer``."""
