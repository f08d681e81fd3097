"""SMTP: kept connections to relays, several at once, in one loop (RFC 5321)."""
