"""PostgreSQL posts one entry in one call: holds the chain, looks for the external id, writes, seals, and tells the audit trail.

It saves the ledger round trips and the server the planning of each statement; it lifts no guard. What is hashed is said by
`portfolio.domain.sealing`, which has no number and no hash before it to put in front as long as another pen writes.
"""

from django.db import migrations

from core.guards import Guard

_POST = """CREATE FUNCTION portfolio_post(
  _entity bigint, _on date, _month int, _currency text, _memo text, _source text, _external text, _body text,
  _origin text, _reverses bigint, _reason text, _at timestamptz, _by bigint, _rest text,
  _accounts bigint[], _amounts bigint[], _bookings bigint[], _memos text[],
  _action text, _type text, _label text, _slug text, _scope text, _data jsonb
) RETURNS TABLE (id bigint, number bigint, chain_hash text, body_hash text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  held portfolio_entrychain;
  entry bigint;
  new_head text;
BEGIN
  SELECT * INTO held FROM portfolio_entrychain WHERE entity_id = _entity FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO portfolio_entrychain (entity_id, number, head) VALUES (_entity, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO held FROM portfolio_entrychain WHERE entity_id = _entity FOR UPDATE;
  END IF;
  held.number := held.number + 1;
  new_head := encode(sha256(convert_to(
    '(''' || held.head || ''', ' || held.number || ', ' || _rest, 'UTF8'
  )), 'hex');
  INSERT INTO portfolio_journalentry (
    entity_id, "on", month, currency, memo, state, source, external_id, body_hash, origin, reverses_id, reason,
    posted_at, by_id, number, chain_hash
  ) VALUES (
    _entity, _on, _month, _currency, _memo, 'draft', _source, _external, _body, _origin, _reverses, _reason,
    _at, _by, held.number, new_head
  ) ON CONFLICT (entity_id, source, external_id) DO NOTHING RETURNING id INTO entry;
  IF NOT FOUND THEN
    RETURN QUERY EXECUTE 'SELECT id, number, chain_hash::text, body_hash::text FROM portfolio_journalentry '
      'WHERE entity_id = $1 AND source = $2 AND external_id = $3' USING _entity, _source, _external;
    RETURN;
  END IF;
  IF _on < held.opened_on THEN
    RAISE EXCEPTION 'An entry is not of a day before the opening.'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  INSERT INTO portfolio_posting (entry_id, account_id, month, amount_minor, booking_id, memo)
  SELECT entry, line.account, _month, line.amount, line.booking, line.memo
  FROM unnest(_accounts, _amounts, _bookings, _memos) AS line (account, amount, booking, memo);
  UPDATE portfolio_journalentry SET state = 'posted' WHERE id = entry;
  UPDATE portfolio_entrychain SET number = held.number, head = new_head WHERE entity_id = _entity;
  INSERT INTO core_auditevent (
    at, action, actor_id, subject_type, subject_id, subject_label, entity_slug, scope, data
  ) VALUES (_at, _action, _by, _type, entry::text, _label, _slug, _scope, _data);
  RETURN QUERY SELECT entry, held.number, new_head, NULL::text;
END $$"""


class Migration(migrations.Migration):
    dependencies = [("core", "0003_audit_scope"), ("portfolio", "0019_invoice_guards")]

    operations = [
        Guard(sqlite=[], undo_sqlite=[], postgresql=[_POST], undo_postgresql=["DROP FUNCTION portfolio_post"])
    ]
