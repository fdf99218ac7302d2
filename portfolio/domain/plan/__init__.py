"""What people want and believe: budgets, targets, assumptions, scenarios, capital, rules, forecasts and KPI values.

What happened is in the ledger and the bookings.
"""
