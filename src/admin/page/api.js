// Asking the service this page came from. The session's cookie goes along by itself.

export class Refusal extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const LIMIT = 20000;  // milliseconds

async function ask(path, options = {}) {
  const answer = await fetch(path, {...options, cache: 'no-store', signal: AbortSignal.timeout(options.limit ?? LIMIT)});
  if (answer.ok) return answer;
  let detail = `The service answered with status ${answer.status}.`;
  try {
    const problem = await answer.json();
    detail = problem.detail ?? problem.message ?? detail;
  } catch { /* no problem document: the status says it */ }
  throw new Refusal(answer.status, detail, Number(answer.headers.get('Retry-After')) || 0);
}

export const get = async (path) => (await ask(path)).json();

/**
 * What is within the `main` of a page of the service, as a document; a look-up that failed is a page, too. The page's own
 * style stays outside: this page's policy would have it reported.
 */
export async function mainOf(path) {
  // Not with cache: 'no-store', which would have the service refresh the card.
  const answer = await fetch(path, {signal: AbortSignal.timeout(60000)});
  const type = answer.headers.get('Content-Type') ?? '';
  if (!type.startsWith('text/html')) throw new Refusal(answer.status, (await answer.json()).detail ?? `Status ${answer.status}.`, 0);
  const text = await answer.text();
  return new DOMParser().parseFromString(text.slice(text.indexOf('<main'), text.lastIndexOf('</main>')), 'text/html');
}

/** A part of a list, as the service takes it: bytes, of no type that another site's page could send. */
export const sendBytes = async (path, bytes) => (await ask(path, {
  method: 'POST',
  headers: {'Content-Type': 'application/octet-stream'},
  body: bytes,
  limit: 5 * 60 * 1000,
})).json();

export const remove = async (path) => (await ask(path, {method: 'DELETE'})).json();

export const post = async (path, body, limit) => (await ask(path, {
  method: 'POST',
  headers: {'Content-Type': 'application/json'},
  body: JSON.stringify(body),
  limit,
})).json();
