// Keeps the page up to date: the figures every few seconds, the rest more rarely, and all of it more rarely still while nobody looks.
import {get} from './api.js';
import {showAudit, showState, showStats, showTop} from './board.js';
import {at, clock} from './format.js';
import {lookUp, wireLogIn, wireLookUp, wirePurge} from './forms.js';
import {showJobs, wirePrewarm} from './jobs.js';
import {draw} from './plots.js';

const STATS = 5, PLOTS = 10, LISTS = 15, JOBS = 15, RUNNING = 2, UNSEEN = 60;  // seconds
let stats = null, unreachableSince = null, asking = false;
const due = {stats: 0, plots: 0, lists: 0, jobs: 0};

const spanChosen = () => document.querySelector('input[name=span]:checked').value;

function logInWanted(wanted) {
  const was = !at('log-in').hidden;
  at('log-in').hidden = !wanted;
  if (wanted) {
    at('board').hidden = true;
    at('log-out').hidden = true;
    if (!was) at('token').focus();
  }
}

async function plots() {
  const span = spanChosen();
  const history = await get(`/v1/admin/history?span=${span}`);
  at('plots-none').hidden = history.at.length > 0;
  draw(at('plots'), history, span);
}

async function lists() {
  const [top, audit, session] = await Promise.all([get('/v1/admin/top'), get('/v1/admin/audit'), get('/v1/admin/session')]);
  showTop(top, lookUp);
  showAudit(audit);
  at('log-out').hidden = !session.session;
}

/** Oftener while one is on its way. */
async function jobs() {
  if (showJobs(await get('/v1/admin/prewarm'), jobsNow) && !document.hidden) due.jobs = Date.now() / 1000 + RUNNING;
}

function jobsNow() {
  due.jobs = due.lists = 0;
  turn();
}

async function figures() {
  stats = await get('/v1/admin/stats');
  unreachableSince = null;
  logInWanted(false);
  at('board').hidden = false;
  showState(stats, null);
  showStats(stats);
  at('refreshed').textContent = `Figures of ${clock(Date.now())}.`;
}

function failed(error) {
  if (error.status === 401) return logInWanted(true);
  if (!unreachableSince && !error.status) unreachableSince = Date.now();
  if (stats) showState(stats, unreachableSince);
  at('refreshed').textContent = error.status ? error.message : `Cardstock does not answer. Last asked ${clock(Date.now())}.`;
}

async function turn() {
  if (asking) return;
  asking = true;
  const now = Date.now() / 1000;
  const wanted = (name, every, work) => {
    if (now < due[name]) return null;
    due[name] = now + (document.hidden ? Math.max(every, UNSEEN) : every);
    return work();
  };
  try {
    await wanted('stats', STATS, figures);
    if (at('log-in').hidden) await Promise.all([wanted('plots', PLOTS, plots), wanted('lists', LISTS, lists), wanted('jobs', JOBS, jobs)]);
  } catch (error) {
    failed(error);
  } finally {
    asking = false;
  }
}

function now() {
  due.stats = due.plots = due.lists = due.jobs = 0;
  turn();
}

wireLogIn(now, () => location.reload());
wireLookUp();
wirePurge(now);
wirePrewarm(jobsNow);
for (const radio of document.querySelectorAll('input[name=span]')) radio.addEventListener('change', () => { due.plots = 0; turn(); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) now(); });
setInterval(turn, 1000);
turn();
