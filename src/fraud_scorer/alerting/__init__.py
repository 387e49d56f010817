"""Alerts, operator messages and the morning mail: composing, routing, rendering, channels."""
