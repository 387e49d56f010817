"""Where payments come from: each source answers ``ports.PaymentsApi``."""
