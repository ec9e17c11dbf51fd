"""Look at every page of the built site in a browser: make pictures, and find what is wrong.

    python docs/check_site.py [--site docs/_build/html] [--pictures docs/_build/pictures] [PAGE ...]

Wrong is what is wider than its place, an error in the console, and a link to a page or an anchor that is not
there. Links to other sites are not followed. It needs Chromium: Debian's `chromium`, or a path in CHROMIUM.
"""

import argparse
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

BUILT = Path(__file__).parent / "_build"
WINDOWS = {"desktop": (1400, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
TALLEST = 20_000  # pixels of a page at 1,400; a longer one is to be divided

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

# What is wider than its place. Code may scroll on a phone, where no line of 80 characters fits.
TOO_WIDE = """(isPhone) => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) found.push(`the page: ${root.scrollWidth} px`);
  const parts = [".content", ".table-wrapper", "article table", "article img", "article dt.sig"];
  if (!isPhone) parts.push("article pre");
  for (const part of document.querySelectorAll(parts.join())) {
    const beyond = part.getBoundingClientRect().right - window.innerWidth;
    const over = Math.max(part.scrollWidth - part.clientWidth, beyond);
    const says = (part.innerText || part.alt || "").trim().slice(0, 60).replace(/\\s+/g, " ");
    if (part.clientWidth && over > 1) found.push(`${part.tagName}, ${over} px too wide: ${says}`);
  }
  return found;
}"""


class _Links(HTMLParser):
    """The addresses that a page refers to, and its anchors."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag refers to and is called."""
        del tag
        for name, value in attrs:
            if name in {"href", "src"} and value:
                self.addresses.add(value)
            elif name in {"id", "name"} and value:
                self.anchors.add(value)


def dead_links(site: Path) -> Iterator[str]:
    """Each link within the site that leads nowhere."""
    pages = {page: _Links(page) for page in sorted(site.rglob("*.html"))}
    for page, links in pages.items():
        for address in sorted(links.addresses):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = _target(site, page, unquote(parts.path))
            known = pages[target].anchors if target in pages else None
            if not target.is_file() or (
                known is not None and parts.fragment and unquote(parts.fragment) not in known
            ):
                yield f"{page.relative_to(site)}: {address}"


def _target(site: Path, page: Path, path: str) -> Path:
    """The file that a path leads to, from a page."""
    if not path:
        return page
    file = site / path.lstrip("/") if path.startswith("/") else page.parent / path
    return file.resolve() / "index.html" if path.endswith("/") else file.resolve()


class _Quiet(SimpleHTTPRequestHandler):
    """A file server that prints nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Print nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on a loopback port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _listen(page: Page, mistakes: list[str]) -> None:
    """Note the errors of a page's scripts, and what it asks for in vain."""

    def told(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            mistakes.append(f"console: {message.text}")

    page.on("console", told)
    page.on("pageerror", lambda error: mistakes.append(f"script: {error}"))
    page.on("requestfailed", lambda request: mistakes.append(f"not loaded: {request.url}"))


def look(browser: Browser, address: str, names: list[str], pictures: Path) -> Iterator[str]:
    """Look at the pages in every window and scheme, and tell what is wrong."""
    for (window, (width, height)), scheme in product(WINDOWS.items(), SCHEMES):
        folder = pictures / f"{window}-{scheme}"
        folder.mkdir(parents=True, exist_ok=True)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        mistakes: list[str] = []
        _listen(page, mistakes)
        for name in names:
            page.goto(f"{address}/{name}", wait_until="load")
            mistakes += page.evaluate(TOO_WIDE, window == "phone")
            tall = page.evaluate("document.documentElement.scrollHeight")
            if window == "desktop" and tall > TALLEST and name != "genindex.html":
                mistakes.append(f"{tall} px tall")
            page.screenshot(
                path=folder / f"{name.removesuffix('.html').replace('/', '-')}.png", full_page=True
            )
            yield from (f"{name}, {window}, {scheme}: {mistake}" for mistake in mistakes)
            mistakes.clear()
        context.close()


def _pages(site: Path, wanted: list[str]) -> list[str]:
    """The pages to look at: those asked for, or all that are written by hand or from docstrings."""
    names = [str(page.relative_to(site)) for page in sorted(site.rglob("*.html"))]
    shown = [name for name in names if not name.startswith(("_modules/", "_static/"))]
    return [name for name in shown if not wanted or name.removesuffix(".html") in wanted]


def _chromium() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    return path or sys.exit("There is no Chromium: install Debian's `chromium`, or set CHROMIUM.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look at every page of the built site in a browser.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as reference/client (default: all)")
    parser.add_argument("--site", type=Path, default=BUILT / "html", help="the built pages")
    parser.add_argument(
        "--pictures", type=Path, default=BUILT / "pictures", help="where to write the pictures"
    )
    return parser.parse_args()


def main() -> None:
    """Look at the pages, print what is wrong, and fail if there is any."""
    wanted = _arguments()
    site = wanted.site.resolve()
    names = _pages(site, wanted.pages)
    mistakes = [f"dead link in {link}" for link in dead_links(site)]
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        mistakes += look(browser, address, names, wanted.pictures)
        browser.close()
    print("\n".join(mistakes))
    print(f"{len(names)} pages, {len(mistakes)} mistakes; pictures in {wanted.pictures}")
    sys.exit(bool(mistakes) or not names)


if __name__ == "__main__":
    main()
