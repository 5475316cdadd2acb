"""Who may do what: one line for each route and method, one column for each actor.

The people are those of `scene.py`: the owner's account is private, and what the addresses name is the owner's, but for
the comment, which is the follower's. `read_only` is a token of the follower's that may only read; `signed_out` are
three who were let in once: somebody suspended, a revoked token, an expired session (a dead cookie makes one anonymous,
so where anonymous people may look, the expired session gets their answer). Everything hidden is 404, never 403.
"""

COLUMNS = (
    "anon stranger pending ex_follower blocked blocker admin read_only follower owner signed_out".split()
)

#                                                 anon stra pend ex_f blkd blkr admi read foll ownr out
TABLE = """
POST   /accounts                                   201  201  201  201  201  201  201  201  201  201  201
POST   /tokens                                     201  201  201  201  201  201  201  201  201  201  201
GET    /tokens                                     401  200  200  200  200  200  200  200  200  200  401
DELETE /tokens/<token_id:uuid>                     401  404  404  404  404  404  404  403  404  204  401
POST   /sessions                                   201  201  201  201  201  201  201  201  201  201  201
DELETE /sessions/current                           401  204  204  204  204  204  204  403  204  204  401
GET    /sessions                                   401  200  200  200  200  200  200  200  200  200  401
DELETE /sessions/<session_id:uuid>                 401  404  404  404  404  404  404  403  404  204  401
GET    /me                                         401  200  200  200  200  200  200  200  200  200  401
PATCH  /me                                         401  200  200  200  200  200  200  403  200  200  401
PUT    /me/avatar                                  401  200  200  200  200  200  200  403  200  200  401
DELETE /me/avatar                                  401  204  204  204  204  204  204  403  204  204  401
PUT    /me/password                                401  204  204  204  204  204  204  403  204  204  401
DELETE /me                                         401  202  202  202  202  202  409  403  202  202  401
GET    /feeds/home                                 401  200  200  200  200  200  200  200  200  200  401
GET    /feeds/explore                              200  200  200  200  200  200  200  200  200  200  401
GET    /suggestions/people                         401  200  200  200  200  200  200  200  200  200  401
GET    /search/suggestions                         200  200  200  200  200  200  200  200  200  200  401
GET    /tags/<tag>/posts                           200  200  200  200  200  200  200  200  200  200  401
GET    /places/<place_id:uuid>                     404  404  404  404  404  404  404  200  200  200  401
GET    /places/<place_id:uuid>/posts               404  404  404  404  404  404  404  200  200  200  401
GET    /me/saved                                   401  200  200  200  200  200  200  200  200  200  401
GET    /me/liked                                   401  200  200  200  200  200  200  200  200  200  401
POST   /uploads                                    401  201  201  201  201  201  201  403  201  201  401
POST   /me/exports                                 401  202  202  202  202  202  202  403  202  202  401
GET    /me/exports/<export_id:uuid>                401  404  404  404  404  404  404  404  404  200  401
DELETE /me/exports/<export_id:uuid>                401  404  404  404  404  404  404  403  404  204  401
GET    /me/exports/<export_id:uuid>/archive        401  404  404  404  404  404  404  403  404  404  401
GET    /files                                      401  200  200  200  200  200  200  403  200  200  401
GET    /files/<file_id:uuid>                       401  404  404  404  404  404  404  403  404  200  401
DELETE /files/<file_id:uuid>                       401  404  404  404  404  404  404  403  404  204  401
POST   /files/<file_id:uuid>/retry                 401  404  404  404  404  404  404  403  404  409  401
GET    /users/<username>                           200  200  200  200  404  200  200  200  200  200  401
GET    /users/<username>/posts                     200  200  200  200  404  200  200  200  200  200  401
GET    /users/<username>/followers                 404  404  404  404  404  404  404  200  200  200  401
GET    /users/<username>/following                 404  404  404  404  404  404  404  200  200  200  401
PUT    /users/<username>/follow                    401  200  200  200  404  404  200  403  200  422  401
DELETE /users/<username>/follow                    401  200  200  200  404  404  200  403  200  422  401
PUT    /users/<username>/block                     401  200  200  200  404  200  200  403  200  422  401
DELETE /users/<username>/block                     401  200  200  200  404  200  200  403  200  422  401
PUT    /users/<username>/mute                      401  200  200  200  404  404  200  403  200  422  401
DELETE /users/<username>/mute                      401  200  200  200  404  404  200  403  200  422  401
PUT    /users/<username>/follow/notify             401  404  404  404  404  404  404  403  200  422  401
DELETE /users/<username>/follow/notify             401  404  404  404  404  404  404  403  200  422  401
GET    /follow-requests                            401  200  200  200  200  200  200  200  200  200  401
POST   /follow-requests/<username>/accept          401  404  422  404  404  404  404  403  404  204  401
POST   /follow-requests/<username>/decline         401  404  422  404  404  404  404  403  404  204  401
GET    /me/blocked                                 401  200  200  200  200  200  200  200  200  200  401
GET    /me/muted                                   401  200  200  200  200  200  200  200  200  200  401
POST   /posts                                      401  422  422  422  422  422  422  403  422  201  401
GET    /posts/<post_id:uuid>                       404  404  404  404  404  404  404  200  200  200  401
PATCH  /posts/<post_id:uuid>                       401  404  404  404  404  404  404  403  403  200  401
DELETE /posts/<post_id:uuid>                       401  404  404  404  404  404  404  403  403  204  401
PUT    /posts/<post_id:uuid>/like                  401  404  404  404  404  404  404  403  200  200  401
DELETE /posts/<post_id:uuid>/like                  401  404  404  404  404  404  404  403  200  200  401
PUT    /posts/<post_id:uuid>/save                  401  404  404  404  404  404  404  403  200  200  401
DELETE /posts/<post_id:uuid>/save                  401  404  404  404  404  404  404  403  200  200  401
PUT    /posts/<post_id:uuid>/hidden                401  404  404  404  404  404  404  403  200  200  401
DELETE /posts/<post_id:uuid>/hidden                401  404  404  404  404  404  404  403  200  200  401
GET    /posts/<post_id:uuid>/likes                 404  404  404  404  404  404  404  200  200  200  401
GET    /posts/<post_id:uuid>/comments              404  404  404  404  404  404  404  200  200  200  401
GET    /posts/<post_id:uuid>/history               404  404  404  404  404  404  404  200  200  200  401
DELETE /posts/<post_id:uuid>/history               401  404  404  404  404  404  404  403  403  204  401
GET    /drafts                                     401  200  200  200  200  200  200  200  200  200  401
POST   /drafts                                     401  201  201  201  201  201  201  403  201  201  401
GET    /drafts/<draft_id:uuid>                     401  404  404  404  404  404  404  404  404  200  401
PATCH  /drafts/<draft_id:uuid>                     401  404  404  404  404  404  404  403  404  200  401
DELETE /drafts/<draft_id:uuid>                     401  404  404  404  404  404  404  403  404  204  401
POST   /drafts/<draft_id:uuid>/publish             401  404  404  404  404  404  404  403  404  201  401
POST   /posts/<post_id:uuid>/comments              401  404  404  404  404  404  404  403  201  201  401
GET    /comments/<comment_id:uuid>                 404  404  404  404  404  404  404  200  200  200  401
PATCH  /comments/<comment_id:uuid>                 401  404  404  404  404  404  404  403  200  403  401
DELETE /comments/<comment_id:uuid>                 401  404  404  404  404  404  404  403  204  204  401
POST   /comments/<comment_id:uuid>/restore         401  404  404  404  404  404  404  403  404  404  401
PUT    /comments/<comment_id:uuid>/like            401  404  404  404  404  404  404  403  200  200  401
DELETE /comments/<comment_id:uuid>/like            401  404  404  404  404  404  404  403  200  200  401
GET    /notifications                              401  200  200  200  200  200  200  200  200  200  401
GET    /notifications/counts                       401  200  200  200  200  200  200  200  200  200  401
POST   /notifications/read                         401  204  204  204  204  204  204  403  204  204  401
GET    /me/notification-preferences                401  200  200  200  200  200  200  200  200  200  401
PUT    /me/notification-preferences                401  200  200  200  200  200  200  403  200  200  401
GET    /instance                                   200  200  200  200  200  200  200  200  200  200  200
GET    /admin/overview                             401  404  404  404  404  404  200  404  404  404  401
GET    /admin/jobs                                 401  404  404  404  404  404  200  404  404  404  401
POST   /admin/jobs/<job_id:uuid>/retry             401  404  404  404  404  404  404  404  404  404  401
POST   /reports                                    401  404  404  404  404  404  404  403  201  422  401
GET    /admin/reports                              401  404  404  404  404  404  200  404  404  404  401
GET    /admin/reports/<case_id:uuid>               401  404  404  404  404  404  200  404  404  404  401
PATCH  /admin/reports/<case_id:uuid>               401  404  404  404  404  404  200  404  404  404  401
GET    /admin/users                                401  404  404  404  404  404  200  404  404  404  401
GET    /admin/users/<username>                     401  404  404  404  404  404  200  404  404  404  401
PATCH  /admin/users/<username>                     401  404  404  404  404  404  200  404  404  404  401
GET    /admin/invites                              401  404  404  404  404  404  200  404  404  404  401
POST   /admin/invites                              401  404  404  404  404  404  201  404  404  404  401
DELETE /admin/invites/<code>                       401  404  404  404  404  404  204  404  404  404  401
GET    /admin/audit                                401  404  404  404  404  404  200  404  404  404  401
GET    /posts/<post_id:uuid>/media/<photo_id:uuid>/original  404  404  404  404  404  404  404  403  403  200  401
GET    /files/<file_id:uuid>/content               401  404  404  404  404  404  404  403  404  200  401
GET    /healthz                                    200  200  200  200  200  200  200  200  200  200  200
GET    /asyncapi.json                              200  200  200  200  200  200  200  200  200  200  200
GET    /openapi.json                               200  200  200  200  200  200  200  200  200  200  200
GET    /readyz                                     200  200  200  200  200  200  200  200  200  200  200
GET    /ws                                         401  400  400  400  400  400  400  400  400  400  401
GET    /a/<key>/<name>                             200  200  200  200  200  200  200  200  200  200  200
GET    /m/<key>/<cut>/<name>                       404  404  404  404  404  404  404  200  200  200  401
"""

ROWS: dict[tuple[str, str], dict[str, int]] = {}
for _line in TABLE.strip().splitlines():
    _method, _route, *_cells = _line.split()
    ROWS[_method, _route] = dict(zip(COLUMNS, map(int, _cells), strict=True))
