"""What answers look like: one example for each kind, shown in the description and checked against it by a test."""

from typing import Any

ID = "01930b2c-7d1e-7c3a-9f00-5a4d3c2b1a09"
OTHER_ID = "01930b2c-81f0-7a52-8c11-0e9f8d7c6b5a"
TIME = "2026-11-21T08:20:11Z"

PERSON: dict[str, Any] = {"id": ID, "username": "mira", "display_name": "Mira", "avatar": None}
NOOR: dict[str, Any] = {"id": OTHER_ID, "username": "noor", "display_name": "Noor", "avatar": None}
MEMBER_VIEWER: dict[str, Any] = {
    "following": "yes",
    "followed_by": False,
    "blocked": False,
    "muted": False,
    "notify_posts": True,
    "is_self": False,
    "can_see_posts": True,
}
PROFILE: dict[str, Any] = {
    **PERSON,
    "bio": "Ridges and harbours.",
    "link": "https://example.org",
    "place": "Seoul",
    "private": False,
    "counts": {"posts": 12, "followers": 48, "following": 31},
    "created_at": TIME,
    "viewer": MEMBER_VIEWER,
}
ME: dict[str, Any] = {
    **PROFILE,
    "viewer": {**MEMBER_VIEWER, "following": "no", "is_self": True},
    "email": None,
    "role": "member",
    "language": "",
    "show_camera": False,
    "downloads": False,
    "timezone": "Asia/Seoul",
    "text_size": 100,
    "motion": "auto",
    "single_keys": True,
    "alt_reminder": "always",
    "storage": {"used_bytes": 29_774_640, "quota_bytes": 5_242_880_000},
    "descriptions": {"photos": 40, "described": 31},
}
REACTED: dict[str, Any] = {
    "counts": {"likes": 249, "comments": 17},
    "viewer": {"liked": True, "saved": False, "can_edit": False, "can_comment": True},
}
PLACE: dict[str, Any] = {"id": ID, "name": "Seoraksan", "lat": 38.119, "lon": 128.465}
COMMENT: dict[str, Any] = {
    "id": ID,
    "post_id": OTHER_ID,
    "author": PERSON,
    "text": "What a light.",
    "reply_to": None,
    "counts": {"likes": 2},
    "viewer": {"liked": False, "can_edit": False, "can_delete": False},
    "created_at": TIME,
    "edited_at": None,
    "mentions": [],
}
RENDITION: dict[str, Any] = {
    "width": 640,
    "height": 427,
    "type": "image/webp",
    "url": "/m/mfzgk2lbnq4wkytbmfzgk2lbnq4wkytb/0/640.webp",
}
POST: dict[str, Any] = {
    "id": OTHER_ID,
    "author": PERSON,
    "caption": "First light on the west ridge. #dawn",
    "tags": ["dawn"],
    "mentions": [],
    "place": PLACE,
    "audience": "everyone",
    "comments": True,
    "media": [
        {
            "id": ID,
            "state": "ready",
            "width": 1200,
            "height": 800,
            "alt": "Ridges under a low sun",
            "lqip": "UklGRkAAAABXRUJQ",
            "camera": None,
            "renditions": [RENDITION],
        }
    ],
    "created_at": TIME,
    "edited_at": None,
    "version": 1,
    **REACTED,
    "comments_preview": [],
    "downloads": False,
}
FILE: dict[str, Any] = {
    "id": ID,
    "name": "ridge.jpg",
    "size": 2_481_220,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "kind": "image",
    "state": "ready",
    "progress": 1.0,
    "step": None,
    "error": None,
    "facts": {
        "format": "JPEG",
        "width": 1200,
        "height": 800,
        "frames": 1,
        "had_place": True,
        "camera": None,
    },
    "steps": [{"name": "sizes", "seconds": 0.41}],
    "created_at": TIME,
    "duplicate_of": None,
    "post_id": None,
    "draft_id": None,
    "width": 1200,
    "height": 800,
    "lqip": "UklGRkAAAABXRUJQ",
    "renditions": [RENDITION],
}
DRAFT: dict[str, Any] = {
    "id": OTHER_ID,
    "media": [
        {
            "upload_id": ID,
            "alt": "Ridges under a low sun",
            "crop": {"x": 0.0, "y": 0.125, "width": 1.0, "height": 0.75, "rotate": 0},
            "file": FILE | {"draft_id": OTHER_ID},
        }
    ],
    "caption": "First light on the west ridge. #dawn",
    "place": {"name": "Seoraksan", "lat": 38.119, "lon": 128.465},
    "audience": "everyone",
    "comments": True,
    "show_camera": False,
    "publish_at": "2026-11-23T22:30:00Z",
    "state": "scheduled",
    "error": None,
    "created_at": TIME,
    "updated_at": TIME,
    "version": 3,
}
TOKEN: dict[str, Any] = {
    "id": ID,
    "name": "backup script",
    "scopes": ["read", "write"],
    "created_at": TIME,
    "expires_at": "2027-11-21T08:20:11Z",
    "last_used_at": None,
}

CASE: dict[str, Any] = {
    "id": ID,
    "kind": "comment",
    "target_id": OTHER_ID,
    "target_path": f"/p/{ID}#comment-{OTHER_ID}",
    "target_exists": True,
    "member": PERSON,
    "excerpt": "Cheap watches, write to me!",
    "report_count": 1,
    "reasons": ["spam"],
    "state": "open",
    "decision": None,
    "decided_at": None,
    "decided_by": "",
    "note": "",
    "created_at": TIME,
}
# By the name of the answer's type.
ANSWERS: dict[str, Any] = {
    "CaseRow": CASE,
    "CaseView": CASE
    | {
        "reports": [
            {"reporter": PERSON, "reason": "spam", "note": "The third time today.", "created_at": TIME}
        ]
    },
    "Entry": {
        "id": ID,
        "username": "mira",
        "display_name": "Mira",
        "email": None,
        "role": "member",
        "state": "active",
        "private": False,
        "posts": 12,
        "followers": 48,
        "following": 31,
        "stored_bytes": 29_774_640,
        "created_at": TIME,
        "seen_at": TIME,
        "erase_at": None,
    },
    "LeftOut": {"erase_at": TIME},
    "ExportOut": {
        "id": ID,
        "state": "ready",
        "progress": 100,
        "size": 48_210_331,
        "created_at": TIME,
        "expires_at": "2026-11-28T08:20:11Z",
        "error": None,
        "url": f"/api/v1/me/exports/{ID}/archive?key=anIEB2HnJ7k3s0VwQ2YxkP1tWm8rZ1==",
    },
    "InviteOut": {
        "code": "mfzgk2lbnq4wkytb",
        "url": "https://photos.example.org/invite/mfzgk2lbnq4wkytb",
        "uses": 0,
        "max_uses": 10,
        "created_at": TIME,
        "expires_at": "2026-11-28T08:20:11Z",
    },
    "AuditEntry": {
        "id": ID,
        "at": TIME,
        "action": "user.suspend",
        "target": "@spammer",
        "actor": "greta",
        "detail": "",
        "address": "192.0.2.7",
    },
    "Profile": PROFILE,
    "MeOut": ME,
    "MemberRow": {"user": PERSON, "viewer": MEMBER_VIEWER, "private": False},
    "MemberViewer": MEMBER_VIEWER,
    "FollowState": {"following": "requested"},
    "Post": POST,
    "Reacted": REACTED,
    "CommentView": COMMENT,
    "PlaceRef": PLACE,
    "SuggestedMember": {
        "user": PERSON,
        "viewer": MEMBER_VIEWER | {"following": "no"},
        "reason": {"code": "followed_by", "text": "Followed by Noor", "via": [NOOR]},
    },
    "Suggestions": {
        "items": [
            {"type": "person", "user": PERSON},
            {"type": "tag", "tag": "minimal", "posts": 17},
            {"type": "place", "place": PLACE | {"name": "Mirador"}},
        ]
    },
    "Notification": {
        "id": ID,
        "type": "like",
        "text": "Mira and Noor liked your photo",
        "url": f"/p/{OTHER_ID}",
        "actors": [PERSON, NOOR],
        "others": 0,
        "post": {"id": OTHER_ID, "alt": "Ridges under a low sun", "thumbnail": "/m/k3y/0/320.webp"},
        "comment": None,
        "file": None,
        "read": False,
        "created_at": TIME,
    },
    "UnreadCounts": {"unread": 3, "by_type": {"like": 2, "follow": 1}},
    "NotificationPreferences": {"types": {"like": {"in_app": True}, "new_post": {"in_app": False}}},
    "FileView": FILE,
    "DraftView": DRAFT,
    "VersionView": {
        "version": 1,
        "edited_at": TIME,
        "caption": "First light. #dawn",
        "place": None,
        "media": [{"id": ID, "alt": "Ridges under a low sun"}, {"id": None, "alt": ""}],
    },
    "TokenOut": TOKEN,
    "NewTokenOut": {
        "id": ID,
        "token": "hg_…",
        "name": "backup script",
        "scopes": ["read", "write"],
        "expires_at": "2027-11-21T08:20:11Z",
    },
    "SessionOut": {
        "id": ID,
        "user_agent": "Mozilla/5.0",
        "ip": "192.0.2.7",
        "created_at": TIME,
        "last_seen_at": TIME,
        "expires_at": "2027-02-19T08:20:11Z",
        "current": True,
    },
    "NewSessionOut": {
        "id": ID,
        "csrf_token": "b1946ac92492d2347c6235b4d2611184",
        "expires_at": "2027-02-19T08:20:11Z",
        "account": ME,
    },
    "Instance": {
        "name": "Heliograph",
        "version": "0.1.0",
        "sign_up": "open",
        "limits": {
            "max_upload_bytes": 20_971_520,
            "quota_bytes": 5_242_880_000,
            "max_photos": 10,
            "max_caption": 2_200,
            "max_comment": 1_000,
            "max_alt": 1_500,
            "formats": ["JPEG", "PNG"],
        },
    },
    "Status": {
        "people": 48,
        "posts": 612,
        "comments": 1_904,
        "likes": 8_377,
        "files": 655,
        "bytes": 1_604_331_008,
        "jobs_waiting": 0,
        "jobs_running": 1,
        "jobs_dead": 0,
        "reports_open": 1,
        "sessions": 31,
    },
    "DeadJobs": {
        "event_id": ID,
        "event_type": "FileStored",
        "reactions": ["make_first_sizes"],
        "attempts": 5,
        "error": "Unavailable: media folder",
    },
}
