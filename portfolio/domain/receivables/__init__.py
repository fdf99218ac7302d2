"""What clients owe: contracts, work, invoices, payments, ageing and reminders.

Money enters the books through `portfolio.domain.ledger` alone. Rows are locked before anything is posted, payment first,
then invoices by number, then the series, and the books' own chain last, so that no two of these wait for each other.
"""
