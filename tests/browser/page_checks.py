"""What every page of ours has to fulfil, as lists of faults; an empty list is a good page."""
import urllib.parse

from browser import Page

LANDMARKS_ONCE = ("main", "banner", "contentinfo")
NAMED = ("link", "button", "textbox", "searchbox", "combobox", "checkbox", "radio", "navigation", "form", "table", "img")
MAX_TAB_STOPS = 400

# Text of an element with what is behind it; WCAG 2.2 contrast, 4.5 for text and 3 for large text.
CONTRAST = """(() => {
  const parse = (c) => { const n = c.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
  const light = (c) => { const [r, g, b] = c.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] === 1) return c.slice(0, 3); if (c[3] !== 0) return null; } return [255, 255, 255]; };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility({checkVisibilityCSS: true}) || e.closest('script, style')) continue;
    const style = getComputedStyle(e), back = behind(e);
    if (!back) { bad.add('unknown background: ' + walker.currentNode.data.trim().slice(0, 40)); continue; }
    const [a, b] = [light(parse(style.color).slice(0, 3)), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const ratio = (a + 0.05) / (b + 0.05), need = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    if (ratio < need) bad.add(ratio.toFixed(2) + ' of ' + need + ': ' + walker.currentNode.data.trim().slice(0, 40));
  }
  return [...bad];
})()"""

WIDE = """(() => {
  const wide = document.documentElement.clientWidth, all = [];
  if (document.documentElement.scrollWidth > wide) all.push('the page: ' + document.documentElement.scrollWidth + ' > ' + wide);
  for (const e of document.body.querySelectorAll('*')) {
    if (!e.checkVisibility() || e.closest('.skip, [data-scrolls]')) continue;
    const box = e.getBoundingClientRect();
    if (box.width > 0 && (box.right > wide + 1 || box.left < -1)) all.push(e.tagName + ' ' + e.textContent.trim().slice(0, 40));
  }
  return all.slice(0, 10);
})()"""

FOCUSED = """(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {tag: e.tagName.toLowerCase(), text: (e.textContent || e.name || '').trim().slice(0, 60), id: e.id,
          ring: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
          shown: box.width > 0 && box.height > 0 && box.right > 0};
})()"""


def network_faults(page: Page, origin: str) -> list[str]:
    """Requests to others than `origin`, and whatever the console tells."""
    foreign = [f"asks {url}" for url in page.requests
               if not url.startswith("data:") and urllib.parse.urlsplit(url)._replace(path="", query="", fragment="").geturl() != origin]
    return foreign + list(page.errors)


def layout_faults(page: Page) -> list[str]:
    """What is wider than the window; an element that may scroll by itself carries `data-scrolls`."""
    return [f"too wide: {what}" for what in page.evaluate(WIDE)]


def contrast_faults(page: Page) -> list[str]:
    return [f"contrast {what}" for what in page.evaluate(CONTRAST)]


def structure_faults(page: Page) -> list[str]:
    """Language, title, landmarks, the order of headings, names of what can be used, unique ids."""
    nodes, faults = page.accessible(), []
    for role in LANDMARKS_ONCE:
        if (count := sum(node["role"] == role for node in nodes)) != 1:
            faults.append(f"{count} landmarks {role}")
    faults += [f"a {node['role']} without a name" for node in nodes if node["role"] in NAMED and not node["name"]]
    levels = [node["level"] for node in nodes if node["role"] == "heading"]
    if levels.count(1) != 1 or levels[:1] != [1]:
        faults.append(f"headings of level 1: {levels.count(1)}, the first is of level {levels[:1]}")
    faults += [f"heading level {after} behind {before}" for before, after in zip(levels, levels[1:]) if after > before + 1]
    faults += [f"empty heading of level {node['level']}" for node in nodes if node["role"] == "heading" and not node["name"]]
    if not page.evaluate("document.documentElement.lang && document.title.trim()"):
        faults.append("no language or no title")
    twice = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id).filter((id, i, all) => all.indexOf(id) !== i)")
    return faults + [f"id {name} twice" for name in twice]


def tab_stops(page: Page) -> list[dict]:
    """Everything that the Tab key reaches, in its order, from the start of the page to its end."""
    page.evaluate("(document.activeElement.blur(), window.scrollTo(0, 0), getSelection().removeAllRanges())")
    stops, seen = [], set()
    for _ in range(MAX_TAB_STOPS):
        page.press("Tab")
        stop = page.evaluate(FOCUSED)
        mark = page.evaluate("(() => { const e = document.activeElement; "
                             "return e === document.body ? 0 : (e.__stop ??= (window.__stops = (window.__stops ?? 0) + 1)); })()")
        if stop is None or mark in seen:
            return stops
        seen.add(mark)
        stops.append(stop)
    raise AssertionError(f"the Tab key has not come round after {MAX_TAB_STOPS} stops")


def keyboard_faults(stops: list[dict]) -> list[str]:
    """Whether one sees where the focus is."""
    return [f"focus not seen on {stop['tag']} {stop['text']!r}" for stop in stops if not (stop["ring"] and stop["shown"])]


def all_faults(page: Page, origin: str) -> list[str]:
    return network_faults(page, origin) + layout_faults(page) + contrast_faults(page) + structure_faults(page)
