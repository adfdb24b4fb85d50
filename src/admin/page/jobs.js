// Prewarm jobs: started, watched, cancelled.
import {post, remove, sendBytes} from './api.js';
import {at, count, el, show, span, time} from './format.js';
import {busy} from './forms.js';

const PLACE = '/v1/admin/prewarm';
const PART = 512 * 1024;  // bytes
const OVER = ['done', 'failed', 'cancelled'];

function sourceOf(job) {
  if (job.source === 'most_asked') return `The ${count(job.most_asked)} asked most`;
  if (job.source === 'tql') return `What fits ${job.tql}`;
  return job.name ? `List ${job.name}` : 'A list';
}

function progressOf(job) {
  const settled = job.fresh + job.found + job.absent + job.failed;
  if (job.state === 'receiving') return 'Its list is coming.';
  if (job.state === 'waiting') return 'Waits for the one before it.';
  if (job.state === 'running' && job.source === 'tql' && job.entries === 0) return `Asking ThreatConnect which they are: ${count(job.named)} so far.`;
  const parts = [job.total ? `${count(settled)} of ${job.state === 'running' ? 'about ' : ''}${count(job.total)}` : count(settled)];
  for (const kind of ['found', 'absent', 'fresh', 'refused', 'failed']) if (job[kind] > 0) parts.push(`${count(job[kind])} ${kind}`);
  if (job.state === 'running') {
    parts.push(`${count(Math.round(job.per_minute))} a minute`);
    if (job.seconds_left !== undefined) parts.push(`${span(job.seconds_left)} left`);
  }
  return `${parts.join(', ')}.`;
}

function bar(job) {
  if (job.state !== 'running') return null;
  const named = {class: 'progress', 'aria-label': `How far: ${sourceOf(job)}`};
  const settled = job.fresh + job.found + job.absent + job.failed;
  return el('progress', job.total ? {...named, max: job.total, value: Math.min(settled, job.total)} : named);
}

function complaints(job, what) {
  const all = job[what], lines = job[`${what}_lines`];
  if (lines.length === 0) return null;
  const rest = all > lines.length ? [el('li', {}, `and ${count(all - lines.length)} more`)] : [];
  return el('details', {'data-of': `${job.id} ${what}`}, el('summary', {}, `${count(all)} ${what}`),
            el('ul', {}, ...lines.map(({line, why}) => el('li', {}, `Line ${count(line)}: ${why}`)), ...rest));
}

function shown(job) {
  const over = OVER.includes(job.state);
  return el('li', {class: 'job'},
    el('div', {class: 'head'},
      el('span', {}, el('b', {}, sourceOf(job)), ' ', el('span', {class: `badge ${job.state}`}, job.cancelling ? 'ending' : job.state)),
      over ? null : el('button', {type: 'button', class: 'quiet', disabled: job.cancelling, 'data-job': job.id,
                                  'aria-label': `Cancel: ${sourceOf(job)}`}, 'Cancel')),
    bar(job),
    el('p', {}, progressOf(job)),
    job.error ? el('p', {class: 'fault'}, job.error) : null,
    complaints(job, 'refused'),
    complaints(job, 'failed'),
    el('p', {class: 'soft'}, `By ${job.asked_by}, ordered `, time(job.created_at), ...(job.ended_at ? ['; ended ', time(job.ended_at)] : []), '.'));
}

/** True while one is on its way. */
export function showJobs({jobs}, changed) {
  const place = at('jobs');
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.job : undefined;
  const open = new Set([...place.querySelectorAll('details[open]')].map((details) => details.dataset.of));
  show(place, ...(jobs.length === 0 ? [el('li', {class: 'soft'}, 'None yet.')] : jobs.map(shown)));
  for (const details of place.querySelectorAll('details')) if (open.has(details.dataset.of)) details.open = true;
  for (const button of place.querySelectorAll('button')) {
    if (focused !== undefined && button.dataset.job === focused) button.focus();
    button.onclick = async () => {
      button.disabled = true;
      try {
        await remove(`${PLACE}/${button.dataset.job}`);
      } catch (error) {
        at('prewarm-note').textContent = error.status ? error.message : 'Cardstock does not answer; try again in a moment.';
      }
      changed();
    };
  }
  return jobs.some((job) => !OVER.includes(job.state));
}

/** In parts, so that a long list needs no long request. */
async function sendList(file, type, column) {
  const query = new URLSearchParams({name: file.name});
  if (type) query.set('type', type);
  if (column) query.set('column', column);
  let job = null;
  for (let offset = 0; offset === 0 || offset < file.size; offset += PART) {
    query.set('more', offset + PART < file.size);
    const part = await file.slice(offset, offset + PART).arrayBuffer();
    const place = job ? `${PLACE}/${job.id}?offset=${offset}&more=${query.get('more')}` : `${PLACE}?${query.toString().replaceAll('+', '%20')}`;
    job = await sendBytes(place, part);
    at('prewarm-note').textContent = `Sending ${file.name}: ${Math.round(100 * Math.min(1, (offset + PART) / Math.max(1, file.size)))} % …`;
  }
}

export function wirePrewarm(changed) {
  const note = at('prewarm-note'), list = at('list-form'), most = at('most-form');
  const started = () => {
    note.textContent = 'Ordered.';
    changed();
  };
  list.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(list, note, async () => {
      const {file, type, column} = list.elements;
      await sendList(file.files[0], type.value, column.value.trim());
      list.reset();
      started();
    });
  });
  most.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(most, note, async () => {
      await post(PLACE, {most_asked: Number(most.elements.most.value)});
      started();
    });
  });
}
