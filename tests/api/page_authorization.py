"""Who sees which page and may send which form: one line for each route and method, one column for each actor.

The people and things are those of `scene.py`, as in `authorization.py`: the owner's account is private, and what the
addresses name is the owner's, but for the comment, which is the follower's. A route whose parameter has a list of
values stands once for each of them. `login` leads to the sign-in page; 303 leads on, and for a form that means that it
was done. Who loads the address of a form is led to the page that has it, whatever may be seen there.
"""

COLUMNS = "guest stranger pending blocked admin follower owner".split()

#                                                guest stran pendi block admin follo owner
TABLE = """
GET  /                                          200   200   200   200   200   200   200
GET  /.well-known/change-password               302   302   302   302   302   302   302
GET  /<handle:@[^/]+>                           200   200   200   404   200   200   200
GET  /<handle:@[^/]+>/block                     login 200   200   404   200   200   422
POST /<handle:@[^/]+>/block                     login 303   303   404   303   303   422
GET  /<handle:@[^/]+>/follow                    303   303   303   303   303   303   303
POST /<handle:@[^/]+>/follow                    login 303   303   404   303   303   422
GET  /<handle:@[^/]+>/followers                 200   200   200   404   200   200   200
GET  /<handle:@[^/]+>/following                 200   200   200   404   200   200   200
GET  /<handle:@[^/]+>/liked                     404   404   404   404   404   404   200
GET  /<handle:@[^/]+>/mute                      303   303   303   303   303   303   303
POST /<handle:@[^/]+>/mute                      login 303   303   404   303   303   422
GET  /<handle:@[^/]+>/notify                    303   303   303   303   303   303   303
POST /<handle:@[^/]+>/notify                    login 404   404   404   404   303   422
GET  /<handle:@[^/]+>/places                    200   200   200   404   200   200   200
GET  /<handle:@[^/]+>/saved                     404   404   404   404   404   404   200
GET  /<handle:@[^/]+>/silence                   303   303   303   303   303   303   303
POST /<handle:@[^/]+>/silence                   login 404   404   404   404   303   422
GET  /<handle:@[^/]+>/unblock                   303   303   303   303   303   303   303
POST /<handle:@[^/]+>/unblock                   login 303   303   404   303   303   422
GET  /<handle:@[^/]+>/unfollow                  303   303   303   303   303   303   303
POST /<handle:@[^/]+>/unfollow                  login 303   303   404   303   303   422
GET  /<handle:@[^/]+>/unmute                    303   303   303   303   303   303   303
POST /<handle:@[^/]+>/unmute                    login 303   303   404   303   303   422
GET  /about                                     200   200   200   200   200   200   200
GET  /admin                                     login 404   404   404   200   404   404
GET  /admin/audit                               login 404   404   404   200   404   404
GET  /admin/first-steps                         303   303   303   303   303   303   303
POST /admin/first-steps                         login 404   404   404   303   404   404
GET  /admin/invites                             login 404   404   404   200   404   404
POST /admin/invites                             login 404   404   404   303   404   404
GET  /admin/invites/<code>/revoke               303   303   303   303   303   303   303
POST /admin/invites/<code>/revoke               login 404   404   404   303   404   404
GET  /admin/jobs                                login 404   404   404   200   404   404
GET  /admin/jobs/<job_id:uuid>/retry            303   303   303   303   303   303   303
POST /admin/jobs/<job_id:uuid>/retry            login 404   404   404   404   404   404
GET  /admin/reports                             login 404   404   404   200   404   404
GET  /admin/reports/<case_id:uuid>              login 404   404   404   200   404   404
POST /admin/reports/<case_id:uuid>              login 404   404   404   303   404   404
GET  /admin/users                               login 404   404   404   200   404   404
GET  /admin/users/<username>                    login 404   404   404   200   404   404
POST /admin/users/<username>                    login 404   404   404   303   404   404
GET  /api                                       303   303   303   303   303   303   303
GET  /come-back                                 login 303   303   303   303   303   303
POST /come-back                                 login login login login login login login
GET  /comments/<comment_id:uuid>/delete         login 404   404   404   404   200   200
POST /comments/<comment_id:uuid>/delete         login 404   404   404   404   303   303
GET  /comments/<comment_id:uuid>/edit           login 404   404   404   404   200   404
POST /comments/<comment_id:uuid>/edit           login 404   404   404   404   303   403
GET  /comments/<comment_id:uuid>/like           404   404   404   404   404   303   303
POST /comments/<comment_id:uuid>/like           login 404   404   404   404   303   303
GET  /comments/<comment_id:uuid>/restore        303   303   303   303   303   303   303
POST /comments/<comment_id:uuid>/restore        login 303   303   303   303   303   303
GET  /comments/<comment_id:uuid>/unlike         404   404   404   404   404   303   303
POST /comments/<comment_id:uuid>/unlike         login 404   404   404   404   303   303
GET  /docs                                      200   200   200   200   200   200   200
GET  /docs/api                                  303   303   303   303   303   303   303
GET  /docs/errors                               200   200   200   200   200   200   200
GET  /docs/errors/<code>                        200   200   200   200   200   200   200
GET  /drafts                                    login 200   200   200   200   200   200
GET  /drafts/<draft_id:uuid>/delete             login 404   404   404   404   404   200
POST /drafts/<draft_id:uuid>/delete             login 404   404   404   404   404   303
GET  /explore                                   200   200   200   200   200   200   200
GET  /favicon.ico                               200   200   200   200   200   200   200
GET  /favicon.svg                               200   200   200   200   200   200   200
GET  /files/<file_id:uuid>/remove               303   303   303   303   303   303   303
POST /files/<file_id:uuid>/remove               login 404   404   404   404   404   303
GET  /files/<file_id:uuid>/retry                303   303   303   303   303   303   303
POST /files/<file_id:uuid>/retry                login 404   404   404   404   404   303
GET  /forgot                                    200   200   200   200   200   200   200
GET  /invite/<code>                             303   303   303   303   303   303   303
GET  /language                                  303   303   303   303   303   303   303
POST /language                                  303   303   303   303   303   303   303
GET  /login                                     200   303   303   303   303   303   303
POST /login                                     303   303   303   303   303   303   303
GET  /logout                                    303   303   303   303   303   303   303
POST /logout                                    303   303   303   303   303   303   303
GET  /new                                       login 200   200   200   200   200   200
POST /new                                       login 200   200   200   200   200   200
GET  /new/posted/<post_id:uuid>                 login 404   404   404   404   303   303
GET  /p/<post_id:uuid>                          404   404   404   404   404   200   200
GET  /p/<post_id:uuid>/comments                 303   303   303   303   303   303   303
POST /p/<post_id:uuid>/comments                 login 404   404   404   404   303   303
GET  /p/<post_id:uuid>/delete                   login 404   404   404   404   404   200
POST /p/<post_id:uuid>/delete                   login 404   404   404   404   403   303
GET  /p/<post_id:uuid>/edit                     login 404   404   404   404   404   200
POST /p/<post_id:uuid>/edit                     login 404   404   404   404   404   303
GET  /p/<post_id:uuid>/history                  404   404   404   404   404   200   200
GET  /p/<post_id:uuid>/history/forget           login 404   404   404   404   404   200
POST /p/<post_id:uuid>/history/forget           login 404   404   404   404   403   303
GET  /p/<post_id:uuid>/like                     303   303   303   303   303   303   303
POST /p/<post_id:uuid>/like                     login 404   404   404   404   303   303
GET  /p/<post_id:uuid>/likes                    404   404   404   404   404   200   200
GET  /p/<post_id:uuid>/originals                404   404   404   404   404   404   200
GET  /p/<post_id:uuid>/save                     303   303   303   303   303   303   303
POST /p/<post_id:uuid>/save                     login 404   404   404   404   303   303
GET  /p/<post_id:uuid>/unlike                   303   303   303   303   303   303   303
POST /p/<post_id:uuid>/unlike                   login 404   404   404   404   303   303
GET  /p/<post_id:uuid>/unsave                   303   303   303   303   303   303   303
POST /p/<post_id:uuid>/unsave                   login 404   404   404   404   303   303
GET  /places/<name>                             404   404   404   404   404   200   200
GET  /register                                  200   303   303   303   303   303   303
POST /register                                  303   303   303   303   303   303   303
GET  /report                                    login 404   404   404   404   200   200
POST /report                                    login 404   404   404   404   303   422
GET  /register/name                             200   200   200   200   200   200   200
GET  /requests                                  login 200   200   200   200   200   200
POST /requests                                  login 303   422   303   303   303   303
GET  /reset/<secret>                            410   410   410   410   410   410   410
POST /reset/<secret>                            410   410   410   410   410   410   410
GET  /robots.txt                                200   200   200   200   200   200   200
GET  /settings                                  login 200   200   200   200   200   200
GET  /settings/account                          login 200   200   200   200   200   200
POST /settings/account                          login 303   303   303   303   303   303
GET  /settings/appearance                       login 200   200   200   200   200   200
POST /settings/appearance                       login 303   303   303   303   303   303
GET  /settings/descriptions                     login 200   200   200   200   200   200
POST /settings/descriptions                     login 303   303   303   303   303   303
GET  /settings/avatar                           303   303   303   303   303   303   303
POST /settings/avatar                           login 303   303   303   303   303   303
GET  /settings/avatar/remove                    303   303   303   303   303   303   303
POST /settings/avatar/remove                    login 303   303   303   303   303   303
GET  /settings/data                             login 200   200   200   200   200   200
GET  /settings/data/export                      303   303   303   303   303   303   303
POST /settings/data/export                      login 303   303   303   303   303   303
GET  /settings/data/export/<export_id:uuid>/load 303  303   303   303   303   303   303
POST /settings/data/export/<export_id:uuid>/load login 404  404   404   404   404   303
GET  /settings/data/export/<export_id:uuid>/remove 303 303  303   303   303   303   303
POST /settings/data/export/<export_id:uuid>/remove login 404 404  404   404   404   303
GET  /settings/delete                           303   303   303   303   303   303   303
POST /settings/delete                           login 303   303   303   409   303   303
GET  /settings/hide                             303   303   303   303   303   303   303
POST /settings/hide                             login 303   303   303   409   303   303
GET  /settings/password                         login 200   200   200   200   200   200
POST /settings/password                         login 303   303   303   303   303   303
GET  /settings/privacy                          login 200   200   200   200   200   200
POST /settings/privacy                          login 303   303   303   303   303   303
GET  /settings/privacy/blocked                  login 200   200   200   200   200   200
GET  /settings/privacy/muted                    login 200   200   200   200   200   200
GET  /settings/profile                          login 200   200   200   200   200   200
POST /settings/profile                          login 303   303   303   303   303   303
GET  /settings/security                         login 200   200   200   200   200   200
POST /settings/security                         login 404   404   404   404   404   303
GET  /settings/tokens                           login 200   200   200   200   200   200
POST /settings/tokens                           login 200   200   200   200   200   200
GET  /settings/tokens/<token_id:uuid>/revoke    303   303   303   303   303   303   303
POST /settings/tokens/<token_id:uuid>/revoke    login 404   404   404   404   404   303
GET  /shortcuts                                 200   200   200   200   200   200   200
GET  /setup                                     404   404   404   404   404   404   404
POST /setup                                     404   404   404   404   404   404   404
GET  /static/<version:v-[^/]+>/<path:path>      200   200   200   200   200   200   200
GET  /tags/<tag>                                200   200   200   200   200   200   200
GET  /welcome                                   login 200   200   200   200   200   200
POST /welcome                                   login 303   303   303   303   303   303
GET  /welcome/people                            login 200   200   200   200   200   200
GET  /welcome/photo                             login 200   200   200   200   200   200
"""

ROWS: dict[tuple[str, str], dict[str, str]] = {}
for _line in TABLE.strip().splitlines():
    _method, _route, *_cells = _line.split()
    ROWS[_method, _route] = dict(zip(COLUMNS, _cells, strict=True))
