"""How many reads a second one emulator answers to one client: `python -m tests.emulator.bench`. Asserts nothing.

Other work on the machine slows the client too, and takes the caches from the emulator: only a quiet one shows the rate.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.emulators import start_emulator

ROUNDS, CALLS = 5, 400
READS = ("me", "act_104320000000501?fields=id,name", "178000000000101/system_users?limit=10")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        emulator = start_emulator(Path(folder))
        print(f"start: {time.monotonic() - began:.2f} s")
        connection = http.client.HTTPConnection(urlsplit(emulator.graph_url).netloc, timeout=30)
        stat = Path(f"/proc/{emulator.process.pid}/stat")
        try:
            for path in READS:
                walls, shares = [], []
                for _ in range(ROUNDS):
                    before, began = _ticks(stat), time.perf_counter()
                    for _ in range(CALLS):
                        connection.request(
                            "GET", f"/v26.0/{path}", headers={"Authorization": f"Bearer {emulator.admin_token}"}
                        )
                        connection.getresponse().read()
                    walls.append(time.perf_counter() - began)
                    shares.append((_ticks(stat) - before) / 100 / CALLS * 1e6)
                least, middle, most = min(shares), statistics.median(shares), max(shares)
                print(
                    f"{path}: {CALLS / min(walls):.0f} a second in the best round; the emulator's processor time of a "
                    f"call in us: {least:.0f}, {middle:.0f}, {most:.0f}"
                )
        finally:
            connection.close()
            emulator.stop()


def _ticks(stat: Path) -> int:
    fields = stat.read_text().split()
    return int(fields[13]) + int(fields[14])


if __name__ == "__main__":
    main()
