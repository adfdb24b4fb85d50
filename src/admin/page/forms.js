// What a person can do here: log in and out, look an indicator up, purge.
import {mainOf, post} from './api.js';
import {at, count, el} from './format.js';

/** Calls `work` while the form's button rests, and tells in `note` what went wrong. */
export async function busy(form, note, work) {
  const button = form.querySelector('button');
  button.disabled = true;
  note.classList.remove('fault');
  note.textContent = '';
  try {
    await work();
  } catch (error) {
    note.classList.add('fault');
    note.textContent = error.status ? error.message : 'Cardstock does not answer; try again in a moment.';
    if (error.retryAfter) note.textContent += ` (In ${error.retryAfter} s.)`;
  } finally {
    button.disabled = false;
  }
}

export function wireLogIn(entered, left) {
  const form = at('log-in-form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(form, at('log-in-fault'), async () => {
      const token = form.elements.token.value;
      form.elements.token.value = '';
      await post('/v1/admin/login', {token});
      entered();
    });
  });
  at('log-out').addEventListener('click', async () => {
    try {
      await post('/v1/admin/logout', {});
    } finally {
      left();
    }
  });
}

function drawCard(document_) {
  const place = at('card');
  const root = place.shadowRoot ?? place.attachShadow({mode: 'open'});
  const body = el('div', {});
  for (const part of document_.querySelector('main').children) body.append(document.importNode(part, true));
  root.replaceChildren(el('link', {rel: 'stylesheet', href: '/admin/card.css'}), body);
}

export async function lookUp(type, name) {
  const form = at('look-up-form');
  form.elements.type.value = type;
  form.elements.name.value = name;
  await busy(form, at('look-up-note'), async () => {
    at('look-up-note').textContent = 'Asking …';
    const query = new URLSearchParams({type, name}).toString().replaceAll('+', '%20');
    drawCard(await mainOf(`/v1/preview?${query}`));
    at('look-up-note').textContent = 'As Recorded Future will draw it.';
  });
  at('look-up').scrollIntoView({block: 'start'});
}

export function wireLookUp() {
  const form = at('look-up-form');
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    lookUp(form.elements.type.value, form.elements.name.value.trim());
  });
}

/** The order as the service takes it, and in words. */
function purgeOrder({type, name, owner, tenant, hours}) {
  const order = {}, words = [];
  if (name.value.trim()) { order.name = name.value.trim(); words.push(`for ${order.name}`); }
  if (type.value) { order.type = type.value; words.push(`of type ${type.value}`); }
  if (owner.value.trim()) { order.owner = owner.value.trim(); words.push(`that ${order.owner} holds`); }
  if (tenant.value) { order.tenant = tenant.value; words.push(`of tenant ${tenant.value.slice(0, 12)}`); }
  if (hours.value !== '') { order.older_than_seconds = Math.round(3600 * Number(hours.value)); words.push(`fetched more than ${hours.value} hours ago`); }
  return words.length === 0 ? [{all: true}, 'Everything goes: all rows of all tenants. Every card is asked for anew, at the limit of calls.']
                            : [order, `All rows ${words.join(', ')}.`];
}

export function wirePurge(purged) {
  const form = at('purge-form'), dialog = at('confirm'), note = at('purge-note');
  let order = null;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    let words;
    [order, words] = purgeOrder(form.elements);
    if (order.name && !order.type) {
      note.classList.add('fault');
      note.textContent = 'An indicator needs its type.';
      form.elements.type.focus();
      return;
    }
    at('confirm-text').textContent = words;
    dialog.returnValue = 'no';
    dialog.showModal();
  });
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'yes') return;
    busy(form, note, async () => {
      note.textContent = 'Deleting …';
      const {purged: rows} = await post('/v1/admin/purge', order, 15 * 60 * 1000);
      note.textContent = `${count(rows)} ${rows === 1 ? 'row' : 'rows'} deleted.`;
      form.reset();
      purged();
    });
  });
}
