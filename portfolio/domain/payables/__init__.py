"""What an entity owes: vendors, their bills, what was paid, and what contractors got in a year."""
