"""What keeps the system up: migrations, checks, the watchdog, the embedded servers, the local stack."""
