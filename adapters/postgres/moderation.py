"""Cases, reports and the audit log."""

from datetime import datetime

import asyncpg

from adapters.postgres.engine import acquire
from adapters.postgres.keyset import walk
from adapters.postgres.people_reads import read_person
from application.moderation import CaseRow, CaseView, DeadJobs, ReportView
from application.paging import Slice
from domain.kernel import CaseId, UserId
from domain.moderation import AuditEntry, Case, CaseState, Report
from domain.sessions import Invite

_REPORTS_SHOWN = 100
_CASE = "id, kind, target_id, owner_id, excerpt, created_at, decision, decided_at, decided_by, note"

_ROW = """
SELECT c.id, c.kind, c.target_id, c.owner_id, c.excerpt, c.created_at, c.decision, c.decided_at, c.decided_by, c.note,
  u.username, u.display_name, u.avatar_key, r.report_count, r.reasons, t.post_id,
  CASE c.kind WHEN 'member' THEN u.state <> 'deleted' ELSE t.post_id IS NOT NULL END AS target_exists
FROM cases c JOIN users u ON u.id = c.owner_id
CROSS JOIN LATERAL (SELECT count(*) AS report_count, coalesce(array_agg(DISTINCT reason), '{}') AS reasons
  FROM reports WHERE case_id = c.id) r
LEFT JOIN LATERAL (
  SELECT id AS post_id FROM posts WHERE c.kind = 'post' AND id = c.target_id
  UNION ALL SELECT post_id FROM comments WHERE c.kind = 'comment' AND id = c.target_id) t ON true
"""


class PostgresModeration:
    """Implements domain.moderation.Moderation."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._c = connection

    async def report(self, case: Case, report: Report) -> CaseId:
        # The update changes nothing: it makes the statement answer with the open case and lock it against a decision.
        case_id = await self._c.fetchval(
            "INSERT INTO cases (id, kind, target_id, owner_id, excerpt, created_at) VALUES ($1, $2, $3, $4, $5, $6) "
            "ON CONFLICT (kind, target_id) WHERE decision IS NULL DO UPDATE SET kind = excluded.kind RETURNING id",
            case.id,
            case.kind,
            case.target_id,
            case.owner_id,
            case.excerpt,
            case.created_at,
        )
        await self._c.execute(
            "INSERT INTO reports (case_id, reporter_id, reason, note, created_at) VALUES ($1, $2, $3, $4, $5) "
            "ON CONFLICT DO NOTHING",
            case_id,
            report.reporter_id,
            report.reason,
            report.note,
            report.created_at,
        )
        return CaseId(case_id)

    async def find(self, case_id: CaseId) -> Case | None:
        row = await self._c.fetchrow(f"SELECT {_CASE} FROM cases WHERE id = $1 FOR UPDATE", case_id)
        return Case(**dict(row)) if row else None

    async def save(self, case: Case) -> None:
        await self._c.execute(
            "UPDATE cases SET decision = $2, decided_at = $3, decided_by = $4, note = $5, excerpt = $6 WHERE id = $1",
            case.id,
            case.decision,
            case.decided_at,
            case.decided_by,
            case.note,
            case.excerpt,
        )
        if case.decision is not None:
            await self._c.execute(
                "UPDATE reports SET note = '' WHERE case_id = $1 AND reporter_id IS NULL", case.id
            )

    async def log(self, entry: AuditEntry) -> None:
        await self._c.execute(
            "INSERT INTO audit (id, at, actor, action, target, detail, address) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            entry.id,
            entry.at,
            entry.actor,
            entry.action,
            entry.target,
            entry.detail,
            entry.address,
        )


class PostgresModerationReads:
    """Implements application.moderation.ModerationReads."""

    async def cases(self, viewer: UserId, state: CaseState, part: Slice) -> list[CaseRow]:
        condition = "c.decision IS NULL" if state == "open" else "c.decision IS NOT NULL"
        beyond, order, key = walk(part, "c.id")
        async with acquire() as connection:
            rows = await connection.fetch(
                f"{_ROW} WHERE {condition} AND {beyond.format(1)} AND c.owner_id <> $2 "
                f"ORDER BY c.id {order} LIMIT {int(part.limit)}",
                key,
                viewer,
            )
        return [CaseRow(**_row(row)) for row in rows]

    async def case(self, viewer: UserId, case_id: CaseId) -> CaseView | None:
        async with acquire() as connection:
            row = await connection.fetchrow(f"{_ROW} WHERE c.id = $1 AND c.owner_id <> $2", case_id, viewer)
            reports = await connection.fetch(
                "SELECT r.reason, r.note, r.created_at, u.id, u.username, u.display_name, u.avatar_key FROM reports r "
                "LEFT JOIN users u ON u.id = r.reporter_id WHERE r.case_id = $1 "
                f"ORDER BY r.created_at LIMIT {_REPORTS_SHOWN}",
                case_id,
            )
        if row is None:
            return None
        views = [
            ReportView(
                read_person(UserId(each["id"]), each) if each["id"] else None,
                each["reason"],
                each["note"],
                each["created_at"],
            )
            for each in reports
        ]
        return CaseView(**_row(row), reports=views)

    async def audit(self, part: Slice) -> list[AuditEntry]:
        beyond, order, key = walk(part, "id")
        async with acquire() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM audit WHERE {beyond.format(1)} ORDER BY id {order} LIMIT {int(part.limit)}",
                key,
            )
        return [AuditEntry(**dict(row)) for row in rows]

    async def invites(self, now: datetime, part: Slice) -> list[Invite]:
        beyond, order, key = walk(part, "id")
        async with acquire() as connection:
            rows = await connection.fetch(
                f"SELECT * FROM invites WHERE uses < max_uses AND expires_at > $2 AND {beyond.format(1)} "
                f"ORDER BY id {order} LIMIT {int(part.limit)}",
                key,
                now,
            )
        return [Invite(**dict(row)) for row in rows]

    async def dead_jobs(self, part: Slice) -> list[DeadJobs]:
        beyond, order, key = walk(part, "event_id")
        async with acquire() as connection:
            rows = await connection.fetch(
                "SELECT event_id, event_type, array_agg(reaction ORDER BY reaction) AS reactions, "
                "max(attempts) AS attempts, coalesce(max(error), '') AS error FROM jobs "
                f"WHERE state = 'dead' AND {beyond.format(1)} "
                f"GROUP BY event_id, event_type ORDER BY event_id {order} LIMIT {int(part.limit)}",
                key,
            )
        return [DeadJobs(**dict(row)) for row in rows]


def _row(row: asyncpg.Record) -> dict[str, object]:
    values = {name: value for name, value in row.items() if name in CaseRow.__slots__}
    return values | {
        "member": read_person(row["owner_id"], row),
        "state": "open" if row["decision"] is None else "closed",
        "target_path": _path(row),
    }


def _path(row: asyncpg.Record) -> str:
    if row["kind"] == "member":
        return f"/@{row['username']}"
    if row["kind"] == "post" or row["post_id"] is None:
        return f"/p/{row['post_id'] or row['target_id']}"
    return f"/p/{row['post_id']}#comment-{row['target_id']}"
