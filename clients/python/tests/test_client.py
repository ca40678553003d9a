# SPDX-License-Identifier: Apache-2.0
"""The blocking client, against a fleet that runs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone

import pytest

from fob_tokens import Fleet, NotFound, Refused, TimedOut, Token
from fob_tokens.api import Line


def hotp(seed: bytes, counter: int) -> str:
    """RFC 4226 with six digits."""
    mac = hmac.new(seed, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    at = mac[-1] & 15
    return str((int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF) % 10**6).zfill(6)


def test_the_reference() -> None:
    assert hotp(b"12345678901234567890", 0) == "755224"  # RFC 4226, appendix D


def test_code_of_the_seed(fob: Fleet, token: Token) -> None:
    reading = token.reading()
    assert reading.code == hotp(token.seed(), int(reading.true_time.timestamp()) // 60)
    assert reading.code == token.display() == fob.codes()[token.id]
    assert token.serial in token.otpauth()


def test_code_is_never_about_to_expire(fob: Fleet, token: Token) -> None:
    fob.advance(until="next_step")
    fob.advance(timedelta(seconds=55))
    reading = token.reading(min_remaining=10)
    assert reading.left_ms >= 10_000
    fob.advance(timedelta(seconds=55))
    code = token.code()
    assert code == token.reading().code != reading.code


def test_fresh_codes_differ(token: Token) -> None:
    codes = [token.code(fresh=True) for _ in range(5)]
    assert len(set(codes)) > 1 and codes[0] != codes[1]


def test_press_and_display(fob: Fleet) -> None:
    token = fob.new(profile="button-6")
    assert token.display().strip() == ""
    with pytest.raises(Refused):
        token.reading(read_only=True)
    assert token.press().presses == 1
    assert token.display() == token.reading().code
    assert token.look().view.lit.digits != []
    token.press(timedelta(seconds=1))
    assert token.events(kinds=["hold"])[0].value == 1_000_000_000
    assert token.png().startswith(b"\x89PNG\r\n\x1a\n")
    assert token.svg().startswith("<svg")
    assert token.qr().startswith("<svg")


def test_age_is_forecast(fob: Fleet) -> None:
    token = fob.new(crystal="perfect", ppm=-3.8, expiry=date(2040, 1, 31))
    forecast = token.forecast("P5Y", celsius=25, points=3)
    assert forecast.offset < -2 and len(forecast.points) == 3
    state = token.age("P5Y")
    assert state.error_ms == forecast.error_ms
    verdict = token.oracle(token.code(min_remaining=0), window=2)
    assert verdict.found and not verdict.would_pass and verdict.offset == forecast.offset


def test_the_last_day_may_be_a_datetime(fob: Fleet) -> None:
    last = datetime(2031, 11, 30, 23, 59, tzinfo=timezone(timedelta(hours=9)))
    assert fob.new(expiry=last).state().expiry == "2031-11-30"
    assert fob.new_tokens(1, expiry=last, expiry_to=last)[0].state().expiry == "2031-11-30"
    assert fob.tokens(expires_before=datetime(2026, 1, 1, 12)) == []


def test_skew_battery_and_faults(token: Token) -> None:
    assert token.skew(timedelta(seconds=-95)).error_ms == pytest.approx(-95_000, abs=50)
    assert token.temperature(40).celsius == 40
    assert token.crystal(2.5).ppm != token.change(ppm=-2.5, celsius=25).ppm
    assert token.drop().state == "LOCKED"
    assert token.set_faults(dead=["d0.g"], ghost=["d1.a"]).faults == ["dead", "ghost"]
    assert token.faults().dead == ["d0.g"]
    assert token.clear_faults().faults == []
    assert token.battery("remove").mv == 0
    with pytest.raises(Refused) as caught:
        token.code()
    assert (caught.value.status, caught.value.code) == (409, "no_code")
    token.battery("insert")


def test_ports(token: Token) -> None:
    port = token.attach("tcp")
    assert port.addr is not None and port.addr.startswith("tcp:127.0.0.1:")
    assert port.set_faults(in_=Line(drop=0.25), out=Line(baud=9600)).in_.drop == 0.25
    assert port.faults().out == Line(baud=9600)
    assert port.clear_faults().out == Line()
    assert port.record().tapping
    _, host, number = port.addr.split(":")
    with socket.create_connection((host, int(number))) as connection:
        connection.sendall(b"noise\n")
        seq = token.state().seq
        token.wait(event="bytes-in", after_seq=max(0, seq - 5))
    assert b"".join(bytes.fromhex(line.hex) for line in port.wire()) == b"noise\n"
    assert port.messages(last=10).items[0].kind == "noise"
    assert port.pcapng().startswith(b"\n\r\r\n")  # a section header block
    assert not port.record(False).tapping
    assert port.replay(port.wire()).same
    port.unplug()
    assert port.addr is None
    port.replug()
    token.unplug()
    assert port.state().addr is None
    token.replug()
    assert [p.addr for p in token.ports()] == [port.state().addr]
    token.detach()
    assert token.ports() == []


def test_lists(fob: Fleet) -> None:
    made = fob.new_tokens(5, name="listed", age="P1Y", age_to=timedelta(days=700), crystal="c200", expiry="2041-01-01")
    assert [t.serial for t in fob.tokens(lot="listed")] == [t.serial for t in made]
    assert [t.id for t in fob.find(made[2].serial)] == [made[2].id]
    assert [t.id for t in fob.last(2)] == [t.id for t in made[-2:]]
    assert fob.token(made[0].serial).id == made[0].id
    blank = fob.new(ready=False)
    assert blank.serial == "" and blank.state().state == "BLANK"
    blank.remove()
    with pytest.raises(NotFound):
        blank.state()


def test_many_tokens_come_in_pages() -> None:
    with Fleet.start() as fob:
        made = fob.new_tokens(1_005)
        assert len({t.id for t in made}) == 1_005 == len(fob.tokens())


def test_world(fob: Fleet) -> None:
    now = fob.now()
    assert fob.advance("P1D").now == now + timedelta(days=1)
    assert fob.advance(to=now + timedelta(days=2)).now == now + timedelta(days=2)
    assert fob.set_time(mode="real").mode == "real"
    assert fob.pause().paused
    assert not fob.resume().paused
    assert fob.speed(60).rate == 60
    assert fob.set_time(mode="manual").mode == fob.time().mode == "manual"
    with pytest.raises(ValueError, match="has no time zone"):
        fob.advance(to=datetime(2030, 1, 1))
    assert fob.advance(to=datetime(2030, 1, 1, tzinfo=timezone(timedelta(hours=9)))).now.isoformat() == (
        "2029-12-31T15:00:00+00:00"
    )
    assert fob.health().ok and fob.link().url.startswith(fob.url)
    assert fob.capabilities().world_seed == fob.world_seed()


def test_snapshots(fob: Fleet, token: Token) -> None:
    assert fob.snapshot("before", tokens=[token.id]).tokens == 1
    file = fob.save_snapshot("before")
    token.skew("1h")
    (restored,) = fob.restore("before")
    assert restored.id == token.id and (token.state().error_ms or 0) < 60_000
    assert fob.load_snapshot("copy", file).tokens == 1
    (fork,) = fob.fork("copy")
    assert fork.serial == token.serial and fork.id != token.id
    assert [s.name for s in fob.snapshots(token=token.id)] == ["before", "copy"]
    fob.drop_snapshot("before")
    fob.drop_snapshot("copy")
    fork.remove()


def test_events(fob: Fleet, token: Token) -> None:
    seq = fob.seq()
    token.skew("1s")
    (event,) = fob.events(after_seq=seq, token=token.id, kinds=["skew"])
    assert (event.event, event.value, event.token) == ("skew", 1000, token.id)
    assert token.events(after_seq=seq) == [event] == fob.events(after_seq=seq, limit=1)
    followed = fob.follow(after_seq=seq)
    assert next(followed) == event
    threading.Thread(target=token.skew, args=("2s",)).start()
    assert next(followed).value == 2000
    followed.close()  # type: ignore[attr-defined]


def test_events_come_in_pages(fob: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fob_tokens._events.PAGE", 2)
    token = fob.new()
    seq = fob.seq()
    for _ in range(5):
        token.skew("1s")
    assert len(token.events(after_seq=seq)) == 5
    assert len(token.events(after_seq=seq, limit=3)) == 3


def test_follow_ends_with_the_fleet() -> None:
    fob = Fleet.start()
    followed = fob.follow()
    fob.new()
    assert next(followed).event == "made"
    threading.Thread(target=fob.close).start()
    assert all(e.event for e in followed)


def test_waits_end_by_events_and_time(fob: Fleet, token: Token) -> None:
    with ThreadPoolExecutor() as pool:
        seq = fob.seq()
        waits = [pool.submit(token.wait, event="press", after_seq=seq) for _ in range(4)]
        token.press()
        assert {w.result().hardware_id for w in waits} == {token.id}
    with pytest.raises(TimedOut) as caught:
        token.wait(state="BLANK", timeout="PT1M", advance=True)
    assert caught.value.code == "wait_timeout"
    with pytest.raises(TimedOut) as caught:
        token.wait(event="press", real_timeout=0.01)
    assert caught.value.code == "real_timeout"


def test_a_seed_file(fob: Fleet, token: Token) -> None:
    assert token.serial in fob.export("oath-csv", token=token.serial).decode()
    assert fob.export().startswith(b"<?xml")


def test_threads_share_a_fleet(fob: Fleet, token: Token) -> None:
    code = token.code()
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda _: token.display(), range(200))) == {code}


def test_a_closed_connection_is_replaced(fob: Fleet, token: Token) -> None:
    transport = fob._home.blocking
    assert transport is not None
    token.state()
    for connection in transport._idle:
        connection.sock.shutdown(socket.SHUT_RDWR)  # as if the fleet had closed it
    assert token.press().presses >= 0


def test_more_than_1024_files_are_open(fob: Fleet, token: Token) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2_000:
        pytest.skip(f"this process may open {hard} files only")
    assert fob._home.blocking is not None
    fob._home.blocking.close()  # its connections have smaller numbers
    resource.setrlimit(resource.RLIMIT_NOFILE, (2_000, hard))
    files = [os.dup(0) for _ in range(1_024)]
    try:
        assert token.display() == token.display()
        assert asyncio.run(token.aio.display()) == token.display()
    finally:
        for file in files:
            os.close(file)
        fob._home.blocking.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_world_seed_repeats_tokens() -> None:
    def seeds() -> list[bytes]:
        with Fleet.start(world_seed="7") as fob:
            return [t.seed() for t in fob.new_tokens(3)]

    assert seeds() == seeds()
