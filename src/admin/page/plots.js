// The plots: one canvas each, drawn by Chart.js (its script has made the global Chart), with a legend and a summary in text.
import {clock, count, el, seconds, short} from './format.js';

const perMinute = (value, step) => value * 60 / step;
const plain = (value) => value;
const spoken = (value) => value > 0 ? value : null;  // no time was taken where nothing happened

// title, unit of the axis, stacked, [series, label, colour, how to read it]
const PLOTS = [
  ['What the cache did', 'look-ups a minute', true, [
    ['hit', 'hit', 'hit', perMinute], ['negative', 'known to be nobody’s', 'negative', perMinute], ['stale', 'stale', 'stale', perMinute],
    ['coalesced', 'joined another’s call', 'coalesced', perMinute], ['miss', 'miss', 'miss', perMinute], ['bypass', 'forced', 'bypass', perMinute]]],
  ['Calls to ThreatConnect', 'a minute', false, [
    ['calls', 'calls', 'calls', perMinute], ['calls_saved', 'calls saved', 'saved', perMinute], ['upstream_errors', 'failed', 'errors', perMinute]]],
  ['How long a card takes', 'seconds', false, [
    ['latency_p50', 'half within', 'p50', spoken], ['latency_p99', '99 of 100 within', 'p99', spoken]]],
  ['How long ThreatConnect takes', 'seconds', false, [
    ['upstream_p50', 'half within', 'p50', spoken], ['upstream_p99', '99 of 100 within', 'p99', spoken]]],
  ['Limit and queue', 'calls, look-ups', false, [
    ['limiter_used', 'calls in the last minute', 'calls', plain], ['limiter_allowed', 'allowed', 'bypass', plain],
    ['waiting_analyst', 'analysts’ look-ups waiting', 'errors', plain], ['waiting_refresh', 'refreshes waiting', 'stale', plain],
    ['waiting_prewarm', 'prewarms waiting', 'coalesced', plain]]],
  ['Told busy, or failed', 'cards a minute', true, [
    ['failed', 'failed', 'errors', perMinute], ['busy', 'busy', 'stale', perMinute]]],
];

const charts = new Map();
let drawn = null;  // the last history and span, for a change of the colours

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Points in milliseconds; nothing is drawn across a gap, where the service was not there. */
function points(history, series, read) {
  const out = [];
  history.at.forEach((label, i) => {
    if (i > 0 && label - history.at[i - 1] > 2.5 * history.step_seconds) out.push({x: 1000 * (label - history.step_seconds), y: null});
    out.push({x: 1000 * label, y: read(history.series[series][i] ?? 0, history.step_seconds)});
  });
  return out;
}

/** Whole ten minutes of the hour, whole four hours of the day, as the clock on the wall has them. */
function timeTicks(axis) {
  const step = (axis.max - axis.min > 2 * 3600e3 ? 4 * 60 : 10) * 60e3, zone = new Date().getTimezoneOffset() * 60e3;
  axis.ticks = [];
  for (let at = Math.ceil((axis.min - zone) / step) * step + zone; at <= axis.max; at += step) axis.ticks.push({value: at});
}

function verticalAxis(unit, stacked) {
  const common = {grid: {color: colour('grid')}, ticks: {color: colour('soft')}};
  if (unit !== 'seconds') {
    Object.assign(common.ticks, {callback: short, maxTicksLimit: 6});
    return {...common, beginAtZero: true, stacked, suggestedMax: 1, title: {display: true, text: unit, color: colour('soft')}};
  }
  // Powers of ten alone: floating point leaves their logarithms next to whole numbers.
  common.ticks.callback = (value) => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? seconds(value) : '';
  return {...common, type: 'logarithmic', suggestedMin: 1e-4, suggestedMax: 0.1};
}

function options(unit, stacked, length) {
  const now = Date.now(), soft = colour('soft');
  const tell = unit === 'seconds' ? seconds : short;
  return {
    animation: false, responsive: true, maintainAspectRatio: false, parsing: false, normalized: true,
    interaction: {mode: 'index', intersect: false},
    elements: {point: {radius: 0, hitRadius: 6}, line: {borderWidth: 1.5, tension: 0}},
    scales: {
      x: {type: 'linear', min: now - length, max: now, afterBuildTicks: timeTicks, grid: {color: colour('grid')},
          ticks: {color: soft, maxRotation: 0, callback: (value) => clock(value).slice(0, 5)}},
      y: verticalAxis(unit, stacked),
    },
    plugins: {
      legend: {display: false},
      tooltip: {callbacks: {title: (items) => clock(items[0].parsed.x), label: (item) => ` ${item.dataset.label}: ${tell(item.parsed.y)}`}},
    },
  };
}

function summary(title, history, lines, span) {
  const words = lines.map(([series, label, , read]) => {
    const values = history.series[series];
    if (read === perMinute) return `${label} ${count(values.reduce((sum, n) => sum + n, 0))}`;
    const most = Math.max(0, ...values);
    return `${label} at most ${series.includes('_p') && !series.includes('prewarm') ? seconds(most) : count(most)}`;
  });
  return `${title}, last ${span}: ${words.join(', ')}.`;
}

function build(place, title, lines) {
  const canvas = el('canvas', {role: 'img'});
  const legend = el('ul', {class: 'legend'}, ...lines.map(([, label, shade]) => {
    const mark = el('i', {});
    mark.style.setProperty('--of', `var(--${shade})`);
    return el('li', {}, mark, label);
  }));
  place.append(el('figure', {class: 'plot'}, el('h3', {}, title), el('div', {class: 'canvas'}, canvas), legend));
  return canvas;
}

export function draw(place, history, span) {
  drawn = [place, history, span];
  for (const [title, unit, stacked, lines] of PLOTS) {
    const settings = options(unit, stacked, (span === 'day' ? 24 : 1) * 3600 * 1000);
    const datasets = lines.map(([series, label, shade, read]) => ({
      label, data: points(history, series, read), borderColor: colour(shade), backgroundColor: colour(shade) + (stacked ? 'cc' : '22'),
      fill: stacked ? 'stack' : false, spanGaps: false}));
    let chart = charts.get(title);
    if (chart) {
      chart.options = settings;
      chart.data.datasets.forEach((old, i) => Object.assign(old, datasets[i]));
      chart.update('none');
    } else {
      chart = new Chart(build(place, title, lines), {type: 'line', data: {datasets}, options: settings});
      charts.set(title, chart);
    }
    chart.canvas.setAttribute('aria-label', summary(title, history, lines, span));
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn && draw(...drawn));
