"""A link between a worker and a server that can be cut, slowed down, closed on one side, or fall silent."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

PIECE = 1 << 16


class Link:
    """
    A small proxy on a port of this machine, in a thread of its own.

    `cut` breaks what is open and refuses what is new; `silence` keeps everything open and carries nothing
    more; `slow` carries every piece late; `half_close` ends only the way back to the client; `mend` makes
    the link whole for whoever is still connected or comes anew. With `silence_at` it falls silent by itself
    just after it carried a piece with certain words to the server.
    """

    def __init__(self, target: str | tuple[str, int]) -> None:
        self.target = target
        self.port = 0
        self.silenced = Event()
        self._delay = 0.0
        self._trap = b""
        self._is_cut = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._flows: asyncio.Event | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task] = set()
        self._thread = Thread(target=self._run, name="link", daemon=True)
        self._ready = Event()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(timeout=10)

    def end(self) -> None:
        self._do(self._close)
        self._do(self._break_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def cut(self) -> None:
        self._is_cut = True
        self._do(self._break_all)

    def silence(self) -> None:
        self._do(lambda: self._flows.clear())
        self.silenced.set()

    def silence_at(self, words: bytes) -> None:
        self._trap = words

    def slow(self, seconds: float) -> None:
        self._delay = seconds

    def half_close(self) -> None:
        self._do(self._end_ways_back)

    def mend(self) -> None:
        self._is_cut, self._delay, self._trap = False, 0.0, b""
        self._do(lambda: self._flows.set())

    def _do(self, act: Callable[[], None]) -> None:
        done = Event()

        def perform() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(perform)
        assert done.wait(timeout=10)

    def _break_all(self) -> None:
        for client, server in self._pairs:
            for end in (client, server):
                with suppress(Exception):
                    end.transport.abort()

    def _close(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()

    def _end_ways_back(self) -> None:
        for client, _server in self._pairs:
            with suppress(Exception):
                client.write_eof()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        self._flows = asyncio.Event()
        self._flows.set()
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._open.add(asyncio.current_task())
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(self.target, str):
            far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        else:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        pair = (writer, far_writer)
        self._pairs.add(pair)
        ways = (self._carry(reader, far_writer, outward=True), self._carry(far_reader, writer, outward=False))
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ways)
        self._pairs.discard(pair)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while piece := await source.read(PIECE):
                await self._flows.wait()
                if self._delay:
                    await asyncio.sleep(self._delay)
                sink.write(piece)
                await sink.drain()
                if outward and self._trap and self._trap in piece:
                    self._trap = b""
                    self._flows.clear()
                    self.silenced.set()
        with suppress(OSError, RuntimeError):
            sink.close()
