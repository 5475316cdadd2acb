"""What a process knows of its place by heart is what the database has."""

import pytest

from adapters.postgres.unit_of_work import PostgresUnitOfWork
from application.access import Client
from application.program import Application
from domain.kernel import Unavailable
from tests.conftest import PASSWORD


@pytest.mark.goal("D1")
async def test_first_steps_go_on_where_their_end_could_not_be_stored(
    program: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = program.joining.setup_code()
    admin = await program.joining.set_up(Client(relaxed=True), code, "admin", PASSWORD, "Here")
    await program.place.read()
    viewer = await program.people.me(admin.id)

    async def fail(_: PostgresUnitOfWork) -> None:
        raise Unavailable("the database went away")

    with monkeypatch.context() as bent:
        bent.setattr(PostgresUnitOfWork, "commit", fail)
        with pytest.raises(Unavailable):
            await program.place.end_first_steps()
    assert await program.place.first_steps(viewer) is not None
    await program.place.end_first_steps()
    assert await program.place.first_steps(viewer) is None
