"""The mailbox in the portal."""
