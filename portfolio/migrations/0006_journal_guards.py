"""The database itself keeps the books: it seals entries, moves the balances and refuses everything else.

Both engines refuse the same acts with the same sentences (`portfolio.domain.ledger` turns them into its own
exceptions). A draft is sealed by the UPDATE that makes it posted: the guards check it whole and move the
monthly balances in that same statement. An account keeps the currency of its entity, and follows it while nothing is
posted there. What differs between the engines:

- PostgreSQL seals all rows of one UPDATE in one pass (transition tables), and has other writers to think of.
  Adding a posting share-locks its entry, so that a posting cannot slip into an entry that is being sealed; an entry
  that this very transaction wrote nobody else can seal, and is not locked. A seal
  key-share-locks its entities; closing a month or changing an account update-locks them first, so that neither
  can pass a seal unseen. Balances are moved in the order of account and month, so that seals do not deadlock.
- SQLite has one writer, triggers by row alone, and knows no trigger depth. There a row put into portfolio_seal seals
  the drafts of a range of ids in one pass: its trigger checks each while it marks it posted and counted, moves the balances,
  and takes the row away again. An UPDATE that posts a draft puts such a row there for itself. Balances
  may be written only while the table holds a row, which is never the case outside that trigger; whoever puts a
  row there by hand has sealed drafts and nothing else, because what is counted is not counted twice.
  REPLACE deletes rows without firing a DELETE trigger, so INSERT triggers look for the posted row that would
  vanish; and because the conflict clause of an outer statement overrides that of a trigger's, the seal uses none but
  ON CONFLICT DO UPDATE, which no outer clause overrides, and asks itself beforehand what a constraint would refuse. A
  seal of one entry needs no sorting. Where nothing vanishes by it, a guard looks at a row after it was written, which
  takes SQLite less than before: a refusal undoes the whole statement either way.
"""

# ruff: noqa: S608 - the only words put into these statements are the names and sentences above them.

from django.db import migrations

from core.guards import Guard

ENTRY, POSTING = "portfolio_journalentry", "portfolio_posting"
BALANCE, ACCOUNT, PERIOD = "portfolio_monthlybalance", "portfolio_account", "portfolio_period"
ENTITY = "portfolio_entity"

BORN_DRAFT = "A journal entry is written as a draft and sealed by posting it."
FINAL = "A posted journal entry is never changed or deleted; reverse it with a reason."
TAKEN = "A posted journal entry holds this id, external id or reversal already and is never replaced."
FINAL_POSTING = (
    "The postings of a posted journal entry are never added to, changed or deleted; reverse the entry."
)
EMPTY = "A journal entry needs at least two postings."
FOREIGN = "Every account of a journal entry belongs to its entity."
CURRENCY = "Every account of a journal entry keeps its currency."
MONTH = "A journal entry and its postings carry the month of its date."
FAR = "A journal entry is of a day from 2000 to 2099."
WHOLE = "Amounts are whole minor units."
NAMELESS = "Journal entries and postings are numbered from 1."
UNBALANCED = "The postings of a journal entry add up to zero."
CLOSED = "The month of this journal entry, or one after it, is closed; post it in an open month."
SEALED_ALONE = "Monthly balances are written by the sealing of journal entries alone."
FIXED_ACCOUNT = (
    "An account with posted entries keeps its entity, currency, kind and role; open another account."
)
ONE_CURRENCY = "An account keeps the currency of its entity."
KEPT = "The books are never emptied."
SAME_ID = "A journal entry keeps its id."
HELD = "The postings of a draft are deleted before it."
INSTANT = "A posted journal entry has an instant."
COUNTED = "Only the seal counts a journal entry."
ISOLATION = "Journal entries are written and sealed at the isolation level READ COMMITTED."


def _sqlite(name: str, event: str, table: str, when: str, sentence: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )


_STATE = f"(SELECT state FROM {ENTRY} WHERE id = {{}}.entry_id)"
# A row that is given no id has -1 there until it has one; nothing with such an id is ever sealed.
_VANISHING_POSTING = (
    f"(NEW.id <> -1 AND EXISTS (SELECT 1 FROM {POSTING} p JOIN {ENTRY} e ON e.id = p.entry_id "
    "WHERE p.id = NEW.id AND e.state = 'posted'))"
)
_VANISHING_ENTRY = (
    f"(NEW.id <> -1 AND EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.id AND state = 'posted')) "
    f"OR (NEW.external_id IS NOT NULL AND EXISTS (SELECT 1 FROM {ENTRY} WHERE entity_id = NEW.entity_id "
    "AND source = NEW.source AND external_id = NEW.external_id AND state = 'posted')) "
    f"OR (NEW.reverses_id IS NOT NULL AND EXISTS (SELECT 1 FROM {ENTRY} "
    "WHERE reverses_id = NEW.reverses_id AND state = 'posted')) "
    f"OR (NEW.number IS NOT NULL AND EXISTS (SELECT 1 FROM {ENTRY} WHERE entity_id = NEW.entity_id "
    "AND number = NEW.number AND state = 'posted'))"
)
_OPEN = "EXISTS (SELECT 1 FROM portfolio_seal)"
# The first and the last month of the books.
_MONTHS = f"{2000 * 12} AND {2099 * 12 + 11}"
# A balance's own key is its place, so that the months of an account lie side by side and are read in one go. Were there
# months without end, those of one account would come to lie where another's are.
_PLACE = "p.account_id * 65536 + p.month"
_MOVED = """ON CONFLICT (id) DO UPDATE SET
        debit_minor = debit_minor + excluded.debit_minor,
        credit_minor = credit_minor + excluded.credit_minor,
        cash_minor = cash_minor + excluded.cash_minor"""
# What is wrong with an entry, the first fault first.
_FAULT = f"""SELECT CASE
            WHEN lines < 2 THEN RAISE(ABORT, '{EMPTY}')
            WHEN strange THEN RAISE(ABORT, '{FOREIGN}')
            WHEN mixed THEN RAISE(ABORT, '{CURRENCY}')
            WHEN misdated THEN RAISE(ABORT, '{MONTH}')
            WHEN far THEN RAISE(ABORT, '{FAR}')
            WHEN broken THEN RAISE(ABORT, '{WHOLE}')
            WHEN nameless THEN RAISE(ABORT, '{NAMELESS}')
            WHEN difference <> 0 THEN RAISE(ABORT, '{UNBALANCED}')
            WHEN posted_at IS NULL THEN RAISE(ABORT, '{INSTANT}')
            ELSE RAISE(ABORT, '{CLOSED}')
          END FROM (
            SELECT e.posted_at, count(p.id) AS lines, sum(p.amount_minor) AS difference,
              max(a.entity_id IS NOT e.entity_id) AS strange,
              max(a.currency IS NOT e.currency) AS mixed,
              max(p.month IS NOT e.month) OR date(e."on") IS NOT e."on"
                OR e.month IS NOT substr(e."on", 1, 4) * 12 + substr(e."on", 6, 2) - 1 AS misdated,
              e.month NOT BETWEEN {_MONTHS} AS far,
              max(typeof(p.amount_minor) <> 'integer') AS broken,
              e.id < 1 OR min(p.id) < 1 AS nameless
            FROM {ENTRY} e LEFT JOIN {POSTING} p ON p.entry_id = e.id LEFT JOIN {ACCOUNT} a ON a.id = p.account_id
            WHERE e.id = {ENTRY}.id
          )"""
# A posting that belongs where it is, of an account that is cash (2) or none (1); 3 is one that does not.
_MARK = f"""max(CASE
            WHEN a.entity_id IS NOT {ENTRY}.entity_id OR a.currency IS NOT {ENTRY}.currency
              OR p.month IS NOT {ENTRY}.month OR typeof(p.amount_minor) <> 'integer' OR p.id < 1 THEN 3
            WHEN a.role IN ('cash', 'clearing') THEN 2 ELSE 1 END)"""
# Seals each draft that is whole, and tells of the first that is not. What is counted as 2 touches cash.
_SEALED = f"""UPDATE {ENTRY} SET state = 'posted', counted = (
        SELECT CASE WHEN count(*) > 1 AND sum(p.amount_minor) = 0 AND {_MARK} < 3
            AND {ENTRY}.id > 0 AND {ENTRY}.posted_at IS NOT NULL AND date({ENTRY}."on") IS {ENTRY}."on"
            AND {ENTRY}.month IS substr({ENTRY}."on", 1, 4) * 12 + substr({ENTRY}."on", 6, 2) - 1
            AND {ENTRY}.month BETWEEN {_MONTHS}
            AND NOT EXISTS (
              SELECT 1 FROM {PERIOD} d
              WHERE d.entity_id = {ENTRY}.entity_id AND d.month >= {ENTRY}.month AND d.state = 'closed'
            )
          THEN {_MARK}
          ELSE ({_FAULT}) END
        FROM {POSTING} p LEFT JOIN {ACCOUNT} a ON a.id = p.account_id WHERE p.entry_id = {ENTRY}.id
      )"""
_RANGE = "id BETWEEN NEW.first_id AND NEW.last_id"
_CHANGED_ACCOUNT = (
    "(NEW.entity_id <> OLD.entity_id OR NEW.currency <> OLD.currency OR NEW.kind <> OLD.kind "
    "OR NEW.role <> OLD.role OR NEW.id <> OLD.id)"
)

SQLITE = [
    "CREATE TABLE portfolio_seal (first_id bigint NOT NULL, last_id bigint NOT NULL)",
    # Whether its postings are in the balances; only the guards of this engine know it.
    f"ALTER TABLE {ENTRY} ADD COLUMN counted bool NOT NULL DEFAULT 0",
    f"""CREATE TRIGGER journalentry_born_draft BEFORE INSERT ON {ENTRY}
    WHEN NEW.state IS NOT 'draft' OR NEW.counted OR {_VANISHING_ENTRY}
    BEGIN SELECT CASE
      WHEN NEW.state IS NOT 'draft' THEN RAISE(ABORT, '{BORN_DRAFT}')
      WHEN NEW.counted THEN RAISE(ABORT, '{COUNTED}')
      ELSE RAISE(ABORT, '{TAKEN}')
    END; END""",
    # No UPDATE OF: of a column that is named by another of its names, such as rowid, SQLite tells no such trigger.
    f"""CREATE TRIGGER journalentry_sealed AFTER UPDATE ON {ENTRY}
    WHEN NEW.id <> OLD.id OR OLD.state = 'posted' AND (OLD.counted OR NOT {_OPEN})
      OR (NEW.counted OR OLD.state = 'draft' AND NEW.state = 'posted') AND NOT {_OPEN}
    BEGIN
      SELECT CASE
        WHEN OLD.state = 'posted' THEN RAISE(ABORT, '{FINAL}')
        WHEN NEW.id <> OLD.id THEN RAISE(ABORT, '{SAME_ID}')
        WHEN NEW.counted THEN RAISE(ABORT, '{COUNTED}')
      END;
      INSERT INTO portfolio_seal VALUES (NEW.id, NEW.id);
    END""",
    # What a constraint would refuse with words of its own before that.
    _sqlite(
        "journalentry_final_update",
        "UPDATE OF source, external_id, reverses_id, reason, posted_at",
        ENTRY,
        "OLD.state = 'posted'",
        FINAL,
    ),
    _sqlite(
        "journalentry_taken_update",
        "UPDATE OF entity_id, source, external_id, reverses_id, number",
        ENTRY,
        f"OLD.state = 'draft' AND ({_VANISHING_ENTRY.partition(' OR ')[2]})",
        TAKEN,
    ),
    _sqlite("journalentry_final_delete", "DELETE", ENTRY, "OLD.state = 'posted'", FINAL),
    _sqlite(
        "journalentry_held",
        "DELETE",
        ENTRY,
        f"OLD.state = 'draft' AND EXISTS (SELECT 1 FROM {POSTING} WHERE entry_id = OLD.id)",
        HELD,
    ),
    _sqlite(
        "posting_final_insert",
        "INSERT",
        POSTING,
        f"{_STATE.format('NEW')} IS NOT 'draft' OR {_VANISHING_POSTING}",
        FINAL_POSTING,
    ),
    _sqlite(
        "posting_final_update",
        "UPDATE",
        POSTING,
        f"{_STATE.format('NEW')} IS NOT 'draft' OR {_STATE.format('OLD')} = 'posted' OR {_VANISHING_POSTING}",
        FINAL_POSTING,
    ),
    _sqlite("posting_final_delete", "DELETE", POSTING, f"{_STATE.format('OLD')} = 'posted'", FINAL_POSTING),
    _sqlite("monthlybalance_insert", "INSERT", BALANCE, f"NOT {_OPEN}", SEALED_ALONE),
    _sqlite("monthlybalance_update", "UPDATE", BALANCE, f"NOT {_OPEN}", SEALED_ALONE),
    _sqlite("monthlybalance_delete", "DELETE", BALANCE, "TRUE", SEALED_ALONE),
    _sqlite(
        "account_fixed",
        "UPDATE",
        ACCOUNT,
        f"{_CHANGED_ACCOUNT} AND EXISTS (SELECT 1 FROM {BALANCE} WHERE account_id IN (OLD.id, NEW.id))",
        FIXED_ACCOUNT,
    ),
    _sqlite(
        "account_taken",
        "INSERT",
        ACCOUNT,
        f"EXISTS (SELECT 1 FROM {BALANCE} WHERE account_id = NEW.id)",
        FIXED_ACCOUNT,
    ),
    _sqlite(
        "account_kept",
        "DELETE",
        ACCOUNT,
        f"EXISTS (SELECT 1 FROM {BALANCE} WHERE account_id = OLD.id)",
        FIXED_ACCOUNT,
    ),
    *(
        _sqlite(
            f"account_currency_{event.lower()}",
            f"{event}{columns}",
            ACCOUNT,
            f"NEW.currency IS NOT (SELECT currency FROM {ENTITY} WHERE id = NEW.entity_id)",
            ONE_CURRENCY,
        )
        for event, columns in (("INSERT", ""), ("UPDATE", " OF entity_id, currency"))
    ),
    _sqlite(
        "entity_currency_insert",
        "INSERT",
        ENTITY,
        f"EXISTS (SELECT 1 FROM {ACCOUNT} WHERE entity_id = NEW.id AND currency <> NEW.currency)",
        ONE_CURRENCY,
    ),
    f"""CREATE TRIGGER entity_currency AFTER UPDATE OF currency ON {ENTITY} WHEN NEW.currency <> OLD.currency
    BEGIN UPDATE {ACCOUNT} SET currency = NEW.currency WHERE entity_id = NEW.id; END""",
    # Drafts among entries that are counted are sealed one by one. SQLite fires the next trigger, being newer, before this one.
    f"""CREATE TRIGGER seal_among AFTER INSERT ON portfolio_seal
    WHEN NEW.first_id <> NEW.last_id AND EXISTS (SELECT 1 FROM {ENTRY} WHERE {_RANGE} AND counted) BEGIN
      INSERT INTO portfolio_seal SELECT id, id FROM {ENTRY} WHERE {_RANGE} AND NOT counted;
      DELETE FROM portfolio_seal;
    END""",
    f"""CREATE TRIGGER seal AFTER INSERT ON portfolio_seal
    WHEN NEW.first_id <> NEW.last_id AND NOT EXISTS (SELECT 1 FROM {ENTRY} WHERE {_RANGE} AND counted) BEGIN
      {_SEALED} WHERE {_RANGE};
      INSERT INTO {BALANCE} (id, account_id, month, debit_minor, credit_minor, cash_minor)
      SELECT {_PLACE} AS place, p.account_id, p.month, sum(max(p.amount_minor, 0)), sum(max(-p.amount_minor, 0)),
        sum(CASE WHEN e.counted = 2 THEN -p.amount_minor ELSE 0 END)
      FROM {ENTRY} e CROSS JOIN {POSTING} p ON p.entry_id = e.id
      WHERE e.{_RANGE} GROUP BY place
      {_MOVED};
      DELETE FROM portfolio_seal;
    END""",
    # Within a trigger, changes() counts what the statement before it wrote: a draft, or nothing.
    f"""CREATE TRIGGER seal_one AFTER INSERT ON portfolio_seal WHEN NEW.first_id = NEW.last_id BEGIN
      {_SEALED} WHERE id = NEW.first_id AND NOT counted;
      INSERT INTO {BALANCE} (id, account_id, month, debit_minor, credit_minor, cash_minor)
      SELECT {_PLACE}, p.account_id, p.month, max(p.amount_minor, 0), max(-p.amount_minor, 0),
        CASE WHEN e.counted = 2 THEN -p.amount_minor ELSE 0 END
      FROM {ENTRY} e CROSS JOIN {POSTING} p ON p.entry_id = e.id WHERE changes() = 1 AND e.id = NEW.first_id
      {_MOVED};
      DELETE FROM portfolio_seal;
    END""",
]
SQLITE_UNDO = [
    *(
        f"DROP TRIGGER {statement.split()[2]}"
        for statement in SQLITE
        if statement.startswith("CREATE TRIGGER")
    ),
    "DROP TABLE portfolio_seal",
    f"ALTER TABLE {ENTRY} DROP COLUMN counted",
]


def _refuse(name: str, event: str, table: str, sentence: str, when: str = "", each: str = "STATEMENT") -> str:
    condition = f"WHEN ({when}) " if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} {condition}"
        f"EXECUTE FUNCTION portfolio_refuse('{sentence}')"
    )


def _raise(sentence: str) -> str:
    return f"RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'"


# The planner sees a transition table once and keeps its plan for the session, so a first large batch must not make
# it choose scans of whole tables for the small ones that follow.
_BY_INDEX = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
# Adds what was sealed to the balances.
_ADDED = """ON CONFLICT (account_id, month) DO UPDATE SET
          debit_minor = balance.debit_minor + excluded.debit_minor,
          credit_minor = balance.credit_minor + excluded.credit_minor,
          cash_minor = balance.cash_minor + excluded.cash_minor"""

POSTGRESQL = [
    # A row is sealed by one UPDATE: with room on its page that touches no index.
    f"ALTER TABLE {ENTRY} SET (fillfactor = 50)",
    f"ALTER TABLE {BALANCE} SET (fillfactor = 50)",
    """CREATE FUNCTION portfolio_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
    END $$""",
    _refuse("journalentry_born_draft", "INSERT", ENTRY, BORN_DRAFT, "NEW.state <> 'draft'", "ROW"),
    _refuse("journalentry_final", "UPDATE OR DELETE", ENTRY, FINAL, "OLD.state = 'posted'", "ROW"),
    _refuse("journalentry_same_id", "UPDATE OF id", ENTRY, SAME_ID, "OLD.id <> NEW.id", "ROW"),
    f"""CREATE FUNCTION portfolio_held_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF EXISTS (SELECT 1 FROM {POSTING} WHERE entry_id = OLD.id) THEN {_raise(HELD)}; END IF;
      RETURN NULL;
    END $$""",
    f"""CREATE TRIGGER journalentry_held AFTER DELETE ON {ENTRY}
    FOR EACH ROW EXECUTE FUNCTION portfolio_held_guard()""",
    _refuse("journalentry_kept", "TRUNCATE", ENTRY, KEPT),
    _refuse("posting_kept", "TRUNCATE", POSTING, KEPT),
    _refuse("monthlybalance_kept", "TRUNCATE", BALANCE, KEPT),
    _refuse(
        "monthlybalance_sealed_alone",
        "INSERT OR UPDATE OR DELETE",
        BALANCE,
        SEALED_ALONE,
        "pg_trigger_depth() = 0",
    ),
    f"""CREATE FUNCTION portfolio_posting_guard() RETURNS trigger LANGUAGE plpgsql {_BY_INDEX} AS $$
    DECLARE
      ids bigint[];
      drafts bigint;
    BEGIN
      -- Without a variable, so that it is planned once and not for each array anew.
      IF NOT EXISTS (
        SELECT 1 FROM (SELECT DISTINCT entry_id FROM touched) AS asked WHERE NOT EXISTS (
          SELECT 1 FROM {ENTRY}
          WHERE id = asked.entry_id AND state = 'draft' AND xmin = pg_current_xact_id()::xid
        )
      ) THEN RETURN NULL; END IF;
      ids := ARRAY(SELECT DISTINCT entry_id FROM touched);
      SELECT count(*) FILTER (WHERE locked.state = 'draft') INTO drafts
      FROM (SELECT state FROM {ENTRY} WHERE id = ANY (ids) ORDER BY id FOR SHARE) AS locked;
      IF drafts <> cardinality(ids) THEN {_raise(FINAL_POSTING)}; END IF;
      RETURN NULL;
    END $$""",
    *(
        f"CREATE TRIGGER posting_final_{event.lower()}_{rows.lower()} AFTER {event} ON {POSTING} "
        f"REFERENCING {rows} TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION portfolio_posting_guard()"
        for event, rows in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
    """CREATE FUNCTION portfolio_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM 1 FROM portfolio_entity WHERE id = NEW.entity_id FOR UPDATE;
      RETURN NEW;
    END $$""",
    f"""CREATE TRIGGER period_waits_for_seals BEFORE INSERT OR UPDATE ON {PERIOD}
    FOR EACH ROW EXECUTE FUNCTION portfolio_period_guard()""",
    f"""CREATE FUNCTION portfolio_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM 1 FROM portfolio_entity WHERE id IN (OLD.entity_id, NEW.entity_id) ORDER BY id FOR UPDATE;
      IF EXISTS (SELECT 1 FROM {BALANCE} WHERE account_id = OLD.id) THEN {_raise(FIXED_ACCOUNT)}; END IF;
      RETURN NEW;
    END $$""",
    f"""CREATE TRIGGER account_fixed BEFORE UPDATE ON {ACCOUNT} FOR EACH ROW WHEN ({_CHANGED_ACCOUNT})
    EXECUTE FUNCTION portfolio_account_guard()""",
    f"""CREATE FUNCTION portfolio_account_currency() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM 1 FROM {ENTITY} WHERE id = NEW.entity_id AND currency = NEW.currency FOR SHARE;
      IF NOT FOUND THEN {_raise(ONE_CURRENCY)}; END IF;
      RETURN NEW;
    END $$""",
    f"""CREATE TRIGGER account_currency BEFORE INSERT OR UPDATE OF entity_id, currency ON {ACCOUNT}
    FOR EACH ROW EXECUTE FUNCTION portfolio_account_currency()""",
    f"""CREATE FUNCTION portfolio_entity_currency() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE {ACCOUNT} SET currency = NEW.currency WHERE entity_id = NEW.id;
      RETURN NULL;
    END $$""",
    f"""CREATE TRIGGER entity_currency AFTER UPDATE OF currency ON {ENTITY} FOR EACH ROW
    WHEN (NEW.currency <> OLD.currency) EXECUTE FUNCTION portfolio_entity_currency()""",
    f"""CREATE FUNCTION portfolio_seal() RETURNS trigger LANGUAGE plpgsql {_BY_INDEX} AS $$
    DECLARE
      many bigint;
      book record;
      cash_ids bigint[];
      fault text;
    BEGIN
      SELECT count(*) INTO many FROM (SELECT 1 FROM sealed WHERE state = 'posted' LIMIT 2) AS first;
      IF many = 0 THEN RETURN NULL; END IF;
      IF current_setting('transaction_isolation') <> 'read committed' THEN {_raise(ISOLATION)}; END IF;
      PERFORM 1 FROM portfolio_entity WHERE id IN (SELECT entity_id FROM sealed WHERE state = 'posted')
      ORDER BY id FOR KEY SHARE;
      IF EXISTS (
        SELECT 1 FROM (
          SELECT entity_id, min(month) AS month FROM sealed WHERE state = 'posted' GROUP BY entity_id
        ) AS oldest
        JOIN {PERIOD} d ON d.entity_id = oldest.entity_id AND d.month >= oldest.month AND d.state = 'closed'
      ) THEN {_raise(CLOSED)}; END IF;
      -- Entries of one entity and currency are looked at together, and their accounts once; no posting is of nothing, so that
      -- those that add up to zero are two at least. Where anything is wrong, nothing is moved here, and it is told below.
      IF many > 1 THEN
        SELECT min(entity_id) AS entity_id, min(currency) AS currency,
          min(entity_id) = max(entity_id) AND min(currency) = max(currency) AND NOT bool_or(
            month IS DISTINCT FROM date_part('year', "on") * 12 + date_part('month', "on") - 1
            OR month NOT BETWEEN {_MONTHS}
          ) AS plain
        INTO book FROM sealed WHERE state = 'posted';
        IF book.plain THEN
          cash_ids := ARRAY(
            SELECT id FROM {ACCOUNT} WHERE entity_id = book.entity_id AND role IN ('cash', 'clearing')
          );
          WITH line AS MATERIALIZED (
            SELECT p.account_id, p.month, p.amount_minor AS amount, p.month <> e.month AS misdated,
              sum(p.amount_minor) OVER entry AS difference,
              bool_or(p.account_id = ANY (cash_ids)) OVER entry AS cash
            FROM sealed e LEFT JOIN {POSTING} p ON p.entry_id = e.id
            WHERE e.state = 'posted' WINDOW entry AS (PARTITION BY e.id)
          ), moving AS MATERIALIZED (
            SELECT account_id, month, sum(greatest(amount, 0)) AS debit, sum(greatest(-amount, 0)) AS credit,
              coalesce(sum(-amount) FILTER (WHERE cash), 0) AS cash, bool_and(difference = 0 AND NOT misdated) AS whole
            FROM line GROUP BY account_id, month
          ), wrong AS MATERIALIZED (
            SELECT 1 FROM moving LEFT JOIN {ACCOUNT} a ON a.id = moving.account_id
            WHERE moving.whole IS NOT TRUE OR a.entity_id IS DISTINCT FROM book.entity_id
              OR a.currency IS DISTINCT FROM book.currency
              -- It came since those that are cash were looked up.
              OR (a.role IN ('cash', 'clearing')) <> (a.id = ANY (cash_ids))
            LIMIT 1
          ), moved AS (
            INSERT INTO {BALANCE} AS balance (account_id, month, debit_minor, credit_minor, cash_minor)
            SELECT account_id, month, debit, credit, cash FROM moving WHERE NOT EXISTS (SELECT 1 FROM wrong)
            ORDER BY account_id, month
            {_ADDED}
          )
          SELECT 'wrong' INTO fault FROM wrong;
          IF fault IS NULL THEN RETURN NULL; END IF;
        END IF;
      END IF;
      WITH line AS MATERIALIZED (
        SELECT e.id, p.account_id, p.month, p.amount_minor AS amount,
          count(p.id) OVER entry AS lines,
          sum(p.amount_minor) OVER entry AS difference,
          bool_or(a.role IN ('cash', 'clearing')) OVER entry AS cash,
          a.entity_id IS DISTINCT FROM e.entity_id AS strange,
          a.currency IS DISTINCT FROM e.currency AS mixed,
          p.month <> e.month
            OR e.month IS DISTINCT FROM date_part('year', e."on") * 12 + date_part('month', e."on") - 1 AS misdated,
          e.month NOT BETWEEN {_MONTHS} AS far
        FROM sealed e LEFT JOIN {POSTING} p ON p.entry_id = e.id LEFT JOIN {ACCOUNT} a ON a.id = p.account_id
        WHERE e.state = 'posted' WINDOW entry AS (PARTITION BY e.id)
      ), wrong AS MATERIALIZED (
        SELECT CASE
            WHEN lines < 2 THEN '{EMPTY}'
            WHEN strange THEN '{FOREIGN}'
            WHEN mixed THEN '{CURRENCY}'
            WHEN misdated THEN '{MONTH}'
            WHEN far THEN '{FAR}'
            ELSE '{UNBALANCED}'
          END AS sentence
        FROM line WHERE lines < 2 OR strange OR mixed OR misdated OR far OR difference <> 0
        ORDER BY id LIMIT 1
      ), moved AS (
        INSERT INTO {BALANCE} AS balance (account_id, month, debit_minor, credit_minor, cash_minor)
        SELECT account_id, month, sum(greatest(amount, 0)), sum(greatest(-amount, 0)),
          coalesce(sum(-amount) FILTER (WHERE cash), 0)
        FROM line WHERE NOT EXISTS (SELECT 1 FROM wrong)
        GROUP BY account_id, month ORDER BY account_id, month
        {_ADDED}
      )
      SELECT sentence INTO fault FROM wrong;
      IF fault IS NOT NULL THEN
        RAISE EXCEPTION USING MESSAGE = fault, ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NULL;
    END $$""",
    f"""CREATE TRIGGER journalentry_seal AFTER UPDATE ON {ENTRY} REFERENCING NEW TABLE AS sealed
    FOR EACH STATEMENT EXECUTE FUNCTION portfolio_seal()""",
]
POSTGRESQL_UNDO = [
    f"ALTER TABLE {ENTRY} RESET (fillfactor)",
    f"ALTER TABLE {BALANCE} RESET (fillfactor)",
    *(
        f"DROP TRIGGER {words[2]} ON {words[words.index('ON') + 1]}"
        for words in (statement.split() for statement in POSTGRESQL)
        if words[1] == "TRIGGER"
    ),
    *(f"DROP FUNCTION {statement.split()[2]}" for statement in POSTGRESQL if "CREATE FUNCTION" in statement),
]


class Migration(migrations.Migration):
    dependencies = [("portfolio", "0005_journal")]

    operations = [
        Guard(sqlite=SQLITE, postgresql=POSTGRESQL, undo_sqlite=SQLITE_UNDO, undo_postgresql=POSTGRESQL_UNDO)
    ]
