"""Stripe: its files, its events and its payouts, all of which land as the same movements of the balance.

`landing` posts movements, whoever told of them; `payouts` adds them up by payout; `events` keeps what webhooks told and
fetches what it is about through `api`; `standing` says how things are.
"""
