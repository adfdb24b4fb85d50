// Lists and tables of the page. Each function is given a document of the service and shows it.
import {ago, at, bytes, count, el, percent, show, span, table, time} from './format.js';
import {findings, tiles} from './state.js';

export function showState(stats, unreachableSince) {
  show(at('state-list'), ...findings(stats, unreachableSince).map(
    ([level, head, words]) => el('li', {class: `state ${level}`}, el('b', {}, head), words)));
}

export function showStats(stats) {
  at('about').textContent = `${stats.version}, up ${span(stats.uptime_seconds)}`;
  show(at('tiles'), ...tiles(stats).map(([name, figure, more]) => el('div', {},
    el('dt', {}, name), el('dd', {class: 'figure'}, figure), el('dd', {class: 'more'}, more))));
  showErrors(stats.recent_errors);
  showQueue(stats);
  showRows(stats);
  showTenants(stats.tenants);
}

function showErrors(errors) {
  show(at('errors'), ...(errors.length === 0 ? [el('li', {class: 'soft'}, 'None.')] : errors.map((error) => el('li', {},
    el('span', {}, error.message), ' ',
    el('span', {class: 'soft'}, `${error.kind}, ${error.count === 1 ? 'once' : `${count(error.count)} times`}, last `, time(error.at))))));
}

function meter(label, value, most) {
  return el('meter', {class: 'bar', min: 0, max: most, low: 0.75 * most, high: 0.95 * most, optimum: 0, value, 'aria-label': label});
}

function showQueue({limiter, upstream}) {
  const limited = limiter.allowed_per_minute > 0;
  const lanes = ['analyst', 'refresh', 'prewarm'];
  show(at('queue'),
    el('p', {}, limited ? `${count(limiter.used)} of ${count(limiter.allowed_per_minute)} calls in the last minute`
                        : `${count(limiter.used)} calls in the last minute; no limit is set`),
    limited ? meter('Calls in the last minute', limiter.used, limiter.allowed_per_minute) : null,
    table('Lanes', [
      ['Lane', (lane) => lane],
      ['Waiting', (lane) => count(limiter.waiting[lane]), 'number'],
      ['Given up', (lane) => count(limiter.dropped[lane]), 'number'],
    ], lanes, ''),
    el('p', {class: 'soft'}, `${count(limiter.rejected)} told busy; ${count(upstream.retries)} calls made again; breaker ${upstream.breaker.replace('_', ' ')}.`));
}

function showRows({store, memory}) {
  const rows = Object.entries(store.rows_by_type).map(([type, all]) => [type, all, store.absent_by_type[type] ?? 0]);
  rows.push(['All', store.rows, store.rows_absent]);
  show(at('rows'),
    table('Rows by type and state', [
      ['Type', (row) => row[0], 'short'],
      ['Held', (row) => count(row[1] - row[2]), 'number'],
      ['Held by nobody', (row) => count(row[2]), 'number'],
      ['Rows', (row) => count(row[1]), 'number'],
    ], rows, 'None yet.'),
    el('p', {class: 'soft'},
       `${store.backend}, ${store.state}; ${bytes(store.file_bytes)} and ${bytes(store.wal_bytes)} of log; the oldest fetched ${ago(store.oldest_fetched_at)}; ${count(store.failures)} failures.`),
    el('p', {class: 'soft'}, `In memory: ${count(memory.rows)} ready answers, ${bytes(memory.bytes)} of ${bytes(memory.limit_bytes)} (${percent(memory.bytes, memory.limit_bytes)}).`),
    meter('Memory used', memory.bytes, memory.limit_bytes));
}

function showTenants(tenants) {
  show(at('tenants'), table('Tenants', [
    ['Tenant', (tenant) => el('code', {title: tenant.id}, tenant.id.slice(0, 12)), 'short'],
    ['ThreatConnect', (tenant) => tenant.base_url, 'wide'],
    ['Rows', (tenant) => count(tenant.rows), 'number'],
    ['Last accepted', (tenant) => time(tenant.last_accepted_at), 'short'],
  ], [...tenants].sort((a, b) => b.rows - a.rows).slice(0, 100), 'None yet: nobody has asked.'));
  const select = at('purge-form').elements.tenant;
  const ids = tenants.slice(0, 100).map((tenant) => tenant.id);
  if ([...select.options].slice(1).map((option) => option.value).join() === ids.join()) return;
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...ids.map((id) => el('option', {value: id}, id.slice(0, 12))));
  select.value = ids.includes(chosen) ? chosen : '';
}

/** `lookUp` is called with type and name. */
export function showTop({indicators}, lookUp) {
  const place = at('top');
  show(place, table('Indicators asked most', [
    ['Asks', (row) => (row.over > 0 ? 'up to ' : '') + count(row.asks), 'number'],
    ['Type', (row) => row.type, 'short'],
    ['Indicator', (row) => el('button', {type: 'button', class: 'plain', 'data-type': row.type, 'data-name': row.name}, row.name), 'wide'],
  ], indicators.slice(0, 10), 'None yet: nobody has asked.'));
  for (const button of place.querySelectorAll('button')) button.onclick = () => lookUp(button.dataset.type, button.dataset.name);
}

export function showAudit({entries}) {
  show(at('audit'), table('Audit', [
    ['When', (entry) => time(entry.at), 'short'],
    ['Who', (entry) => entry.address ? `${entry.who} from ${entry.address}` : entry.who],
    ['Did', (entry) => entry.action, 'short'],
    ['What', (entry) => entry.what ?? '', 'wide'],
    ['Outcome', (entry) => entry.outcome],
  ], entries.slice(0, 20), 'Nothing yet.'));
}
