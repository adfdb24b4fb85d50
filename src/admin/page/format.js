// Figures as a person reads them, and elements that hold text. Nothing here makes HTML of text.

export const at = (id) => document.getElementById(id);
export const count = (n) => Number.isFinite(n) ? n.toLocaleString('en') : '–';
export const percent = (part, whole) => whole > 0 ? `${(100 * part / whole).toFixed(part === whole ? 0 : 1)} %` : '–';

export function short(n) {
  if (!Number.isFinite(n)) return '–';
  for (const [limit, unit] of [[1e9, 'G'], [1e6, 'M'], [1e4, 'k']])
    if (Math.abs(n) >= limit) return `${(n / (unit === 'k' ? 1e3 : limit)).toFixed(1)} ${unit}`;
  return n.toLocaleString('en', {maximumFractionDigits: n < 10 ? 1 : 0});
}

export function bytes(n) {
  if (!Number.isFinite(n)) return '–';
  for (const [power, unit] of [[30, 'GiB'], [20, 'MiB'], [10, 'KiB']])
    if (n >= 2 ** power) return `${(n / 2 ** power).toFixed(1)} ${unit}`;
  return `${n} B`;
}

export function seconds(s) {
  if (!Number.isFinite(s) || s === 0) return '–';
  if (s < 0.001) return `${Math.round(s * 1e6)} µs`;
  if (s < 1) return `${(s * 1e3).toPrecision(3)} ms`;
  return `${s.toFixed(s < 10 ? 2 : 0)} s`;
}

export function span(s) {
  for (const [length, unit] of [[86400, 'day'], [3600, 'hour'], [60, 'minute']])
    if (s >= length) return `${Math.floor(s / length)} ${unit}${s >= 2 * length ? 's' : ''}`;
  return `${Math.max(0, Math.floor(s))} s`;
}

/** How long ago a time of ours was: `3 minutes ago`. */
export const ago = (text) => text ? `${span((Date.now() - Date.parse(text)) / 1000)} ago` : 'never';
export const clock = (time) => new Date(time).toLocaleTimeString([], {hour12: false});
export const when = (text) => new Date(text).toLocaleString([], {hour12: false, dateStyle: 'short', timeStyle: 'medium'});

/** An element with properties and children; text is text. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') made.className = value;
    else if (name.includes('-') || name === 'role' || name === 'tabindex') made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A time with its full form behind it. */
export const time = (text) => text ? el('time', {dateTime: text, title: when(text)}, ago(text)) : document.createTextNode('never');

/**
 * A table that scrolls by itself where it is too wide. `columns`: [title, of a row, class].
 */
export function table(label, columns, rows, none) {
  if (rows.length === 0) return el('p', {class: 'soft'}, none);
  const head = el('tr', {}, ...columns.map(([title, , kind]) => el('th', {scope: 'col', class: kind ?? ''}, title)));
  const body = rows.map((row) => el('tr', {}, ...columns.map(([, cell, kind]) => el('td', {class: kind ?? ''}, cell(row)))));
  return el('div', {'data-scrolls': '', role: 'region', 'aria-label': label, tabindex: '0'},
            el('table', {'aria-label': label}, el('thead', {}, head), el('tbody', {}, ...body)));
}

/** Replaces what is in an element unless it looks the same: who reads or stands in it is not disturbed. */
export function show(place, ...content) {
  const next = el('div', {}, ...content);
  if (place.dataset.shown === next.innerHTML) return;
  const focused = place.contains(document.activeElement) ? [...place.querySelectorAll('button, a, summary, [tabindex]')].indexOf(document.activeElement) : -1;
  place.dataset.shown = next.innerHTML;
  place.replaceChildren(...next.childNodes);
  if (focused >= 0) place.querySelectorAll('button, a, summary, [tabindex]')[focused]?.focus();
}
