"""Draws the screens of the documentation: real runs of the command on the sandbox, as SVG for light and dark.

    python docs/screens.py

writes `docs/_static/screens/*.svg` anew. It needs the extras `cli`, `sandbox` and `journal`, and no network.
"""

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from collections.abc import Iterator
from html import escape
from pathlib import Path

from rich.console import Console
from rich.text import Text

from agencia_async.sandbox import Panel, serve

FOLDER = Path(__file__).parent / "_static" / "screens"
COLUMNS = 80
STARTED = "import sys; sys.argv[0] = 'agencia'; from agencia_async.cli import main; main()"
"""What the entry point does."""
CELL, LINE, MARGIN = 8.4, 19, 16
COLORS = {
    1: ("#cf222e", "#ff7b72"),
    2: ("#1a7f37", "#3fb950"),
    3: ("#7d5600", "#d29922"),
    4: ("#0550ae", "#79c0ff"),
    5: ("#8250df", "#d2a8ff"),
    6: ("#0a6c7a", "#39c5cf"),
}
"""Each of the terminal's colours, red to cyan, on light and on dark, with a contrast of at least 4.5."""
PAGE = (("#ffffff", "#1f2328", "#d0d7de"), ("#0d1117", "#e6edf3", "#30363d"))
"""Background, text and border, on light and on dark."""
ROWS = 22
REDRAWN = re.compile(r"(?:\r|\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh])+")
"""What a live screen prints before it draws the next frame."""
ORDERS = """\
reference,service,link,quantity,comments
A-1001,1,https://example.com/p/1,1000,
A-1002,2,https://example.com/p/2,,
A-1003,3,https://example.com/p/3,,"Very nice!
Love it, really"
"""


async def main() -> None:
    """Run the commands, and draw what they print."""
    panel = Panel(seed=1, clock=lambda: 0.0)
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        ids = [*panel.seed_orders(5000), 99998, 99999]
        (here / "ids.txt").write_text("\n".join(map(str, ids)))
        (here / "orders.csv").write_text(ORDERS)
        async with serve(panel) as url:
            environment = {"AGENCIA_BASE_URL": url, "AGENCIA_API_KEY": panel.key}
            status = "agencia status --file ids.txt --output states.csv"
            screens = {
                "demo": await run("agencia demo", here, {}),
                "status": await run(status, here, environment),
                "place": await run("agencia place orders.csv --journal orders.db", here, environment, "n\n"),
            }
        live = Panel(seed=1)
        (here / "ids.txt").write_text("\n".join(map(str, live.seed_orders(5000))))
        async with serve(live) as url:
            environment = {"AGENCIA_BASE_URL": url, "AGENCIA_API_KEY": live.key}
            watch = "agencia watch --file ids.txt --min-interval 1"
            screens["watch"] = await watched(watch, here, environment, live)
    for name, text in screens.items():
        (FOLDER / f"{name}.svg").write_text(drawn(text), encoding="utf-8")


async def run(command: str, here: Path, environment: dict[str, str], answer: str = "") -> str:
    """What a terminal shows of a command, without the progress bar."""
    keyboard, stdin = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    os.write(keyboard, answer.encode())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTED, *command.split()[1:]),
        cwd=here,
        env=inherited | environment | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "TERM": "xterm"},
        stdin=stdin,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    os.close(stdin)
    os.close(keyboard)
    shown = output.decode().replace("[y/N]: ", f"[y/N]: {answer}")
    return f"$ {command}\n{shown}"


async def watched(command: str, here: Path, environment: dict[str, str], panel: Panel) -> str:
    """The last frame of a live screen, after some orders have ended."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTED, *command.split()[1:]),
        cwd=here,
        env={**os.environ, **environment, "TERM": "xterm", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)},
        **dict.fromkeys(("stdin", "stdout", "stderr"), inside),
    )
    os.close(inside)
    told = asyncio.create_task(asyncio.to_thread(everything, terminal))
    await asyncio.sleep(4)
    for order in (23501, 23503, 23507):
        panel.set_state(order, "Completed")
    await asyncio.sleep(6)
    os.write(terminal, b"q")
    await process.wait()
    frames = [frame for frame in REDRAWN.split(await told) if frame.count("\n") >= ROWS // 2]
    return f"$ {command}\n{frames[-1]}"


def everything(terminal: int) -> str:
    """What is printed on a terminal until nobody is there."""
    parts: list[bytes] = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # Linux says so at the end
        pass
    return b"".join(parts).decode().replace("\r\n", "\n")


def drawn(text: str) -> str:
    """An SVG of a text with ANSI colours."""
    console = Console(width=COLUMNS, color_system="standard", force_terminal=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - nothing is written
    lines = list(Text.from_ansi(text.rstrip()).wrap(console, COLUMNS))
    width, height = COLUMNS * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    rows = "\n".join(
        f'<text xml:space="preserve" y="{MARGIN + number * LINE + 14}">{"".join(spans(console, line))}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">\n'
        f"<style>\n{styles(0)}@media (prefers-color-scheme: dark) {{\n{styles(1)}}}\n</style>\n"
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="6"/>\n{rows}\n</svg>\n'
    )


def styles(dark: int) -> str:
    """The style sheet, on light (0) or on dark (1)."""
    background, foreground, border = PAGE[dark]
    return (
        f"rect {{ fill: {background}; stroke: {border} }}\n"
        f"text {{ fill: {foreground}; font: 14px ui-monospace, Menlo, monospace; white-space: pre }}\n"
        ".bold { font-weight: bold }\n"
        + "".join(f".c{number} {{ fill: {colors[dark]} }}\n" for number, colors in COLORS.items())
    )


def spans(console: Console, line: Text) -> Iterator[str]:
    """The parts of a line, each as wide as its cells."""
    column = 0
    for segment in line.render(console):
        if part := segment.text.rstrip("\n"):
            style = segment.style
            names = [f"c{style.color.number}"] if style and style.color else []
            names += ["bold"] if style and style.bold else []
            cells = len(part)
            at, wide = MARGIN + column * CELL, cells * CELL
            kind = f' class="{" ".join(names)}"' if names else ""
            yield f'<tspan x="{at:g}" textLength="{wide:g}"{kind}>{escape(part)}</tspan>'
            column += cells


if __name__ == "__main__":
    asyncio.run(main())
