// What is the matter, in plain words: the first thing that a person wants to know.
import {ago, bytes, clock, count, percent, seconds, span} from './format.js';

const RECENT = 10 * 60 * 1000;  // an error of the last ten minutes is news

const lastError = (stats) => stats.recent_errors[0];

/** [[level, head, what it means]], the worst first; never empty. */
export function findings(stats, unreachableSince) {
  const found = [];
  const say = (level, head, words) => found.push([level, head, words]);
  const {upstream, limiter, store} = stats;
  if (unreachableSince) {
    say('bad', 'Cardstock does not answer.',
        `Not since ${clock(unreachableSince)}; what is shown below is from before. This page goes on asking. If it stays so: journalctl -u cardstock.`);
  }
  const last = lastError(stats);
  if (upstream.breaker !== 'closed') {
    say('bad', upstream.breaker === 'open' ? 'ThreatConnect is not asked at the moment: its calls kept failing.'
                                           : 'ThreatConnect kept failing; one call is trying it again.',
        `Analysts get cards from the cache, older ones marked stale; what is not in the cache is an error.${last ? ` Last: ${last.message}` : ''}`);
  } else if (last && Date.now() - Date.parse(last.at) < RECENT) {
    say('warn', `A call to ThreatConnect failed ${ago(last.at)}.`, last.message);
  }
  if (store.state !== 'ok')
    say(store.state.startsWith('rebuilt') ? 'warn' : 'bad', 'The store is not well.', store.state);
  if (limiter.held_until)
    say('warn', `ThreatConnect has asked for a pause until ${clock(limiter.held_until)}.`, 'Nothing is sent before; hits are served as ever.');
  if (limiter.per_minute > 0 && limiter.allowed_per_minute < limiter.per_minute)
    say('warn', `Calls are cut to ${limiter.allowed_per_minute} of ${limiter.per_minute} a minute.`,
        'ThreatConnect has refused some (429 or 503); the limit comes back as calls succeed.');
  if (limiter.allowed_per_minute > 0 && limiter.remaining === 0)
    say('warn', 'The limit of calls is used up.',
        `${count(limiter.waiting.analyst)} look-ups of analysts wait; the window ends at ${clock(limiter.window_ends_at)}.`);
  if (found.length === 0) say('good', 'All is well.', 'ThreatConnect answers, the store is sound, nobody waits.');
  const rank = {bad: 0, warn: 1, good: 2};
  return found.sort((a, b) => rank[a[0]] - rank[b[0]]);
}

/** [[name, figure, more]] */
export function tiles(stats) {
  const {cache, requests, upstream, limiter, store, memory} = stats;
  const served = cache.hit + cache.negative + cache.stale + cache.coalesced;
  const all = served + cache.miss + cache.bypass;
  const failed = Object.values(upstream.errors).reduce((sum, n) => sum + n, 0);
  return [
    ['Cards asked for', count(requests.total), `since the start, ${span(stats.uptime_seconds)} ago`],
    ['Served without a call', percent(served, all), `${count(cache.hit + cache.negative)} hits, ${count(cache.miss)} misses`],
    ['Calls made', count(upstream.calls), `${count(upstream.calls_saved)} saved, ${count(failed)} failed`],
    ['A card takes', seconds(requests.latency_seconds.p50), `99 of 100 within ${seconds(requests.latency_seconds.p99)}`],
    ['ThreatConnect takes', seconds(upstream.latency_seconds.p50), `99 of 100 within ${seconds(upstream.latency_seconds.p99)}`],
    ['Calls this minute', limiter.per_minute > 0 ? `${count(limiter.used)} of ${count(limiter.allowed_per_minute)}` : count(limiter.used),
     limiter.per_minute > 0 ? `${count(limiter.remaining)} left` : 'no limit is set'],
    ['Rows', count(store.rows), `${bytes(store.file_bytes)} on disk, ${bytes(memory.bytes)} in memory`],
  ];
}
