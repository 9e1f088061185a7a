// SPDX-License-Identifier: Apache-2.0
// A row a site. Whatever the node says is text: elements are made here, by name, and nothing is ever
// parsed as markup.
'use strict';

const EVERY_MS = 10000;
const byId = (id) => document.getElementById(id);

function span(ms) {
  const s = Math.max(0, ms / 1000);
  if (s < 120) return Math.round(s) + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  if (s < 172800) return Math.round(s / 3600) + ' h';
  return Math.round(s / 86400) + ' d';
}

function cell(text, kind, heading) {
  const made = document.createElement('td');
  made.textContent = text;
  if (kind) made.className = kind;
  made.dataset.heading = heading; // for narrow screens
  return made;
}

const ago = (ms, now) => (ms ? span(now - ms) + ' ago' : '-');

function row(site, now, ours) {
  const made = document.createElement('tr');
  const good = site.troubles.length === 0;
  made.append(
    cell(site.name, '', 'Site'),
    cell(good ? 'well' : site.troubles.join('; '), good ? 'whole good' : 'whole bad', 'State'),
    cell(ago(site.heard_ms, now), 'stamp', 'Heard'),
    cell(ago(site.image_ms, now), 'stamp', 'Last X-ray'),
    cell(String(site.waiting), site.waiting ? 'number' : 'number faint', 'Waiting'),
    cell(String(site.analysed), 'number', 'Analysed'),
    cell(site.version || '-', site.version === ours ? '' : 'bad', 'Version'),
    cell(site.models.join(', ') || '-', 'whole', 'Models'),
    cell(site.drift ? site.drift.toFixed(2) : '-', site.has_moved ? 'number bad' : 'number faint', 'Scores'),
    cell(site.certificate_until_ms ? span(site.certificate_until_ms - now) : '-', 'stamp', 'Certificate'));
  return made;
}

function show(told) {
  byId('sites').tBodies[0].replaceChildren(
    ...told.sites.map((site) => row(site, told.now_ms, told.version)));
  byId('sites').hidden = told.sites.length === 0;
  document.querySelector('.empty').hidden = told.sites.length !== 0;
  const ill = told.sites.filter((site) => site.troubles.length > 0).length;
  const state = byId('state');
  state.textContent = ill ? `${ill} of ${told.sites.length} need somebody` : `all ${told.sites.length} are well`;
  state.className = ill ? 'bad' : 'good';
  byId('as-of').textContent = new Date(told.now_ms).toISOString().slice(0, 19).replace('T', ' ') + ' UTC';
}

async function ask() {
  try {
    const answer = await fetch('fleet.json', { cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
    document.body.classList.remove('stale');
  } catch (error) {
    document.body.classList.add('stale');
    byId('state').textContent = `the node does not answer: ${error.message}`;
    byId('state').className = 'bad';
  }
}

ask();
setInterval(ask, EVERY_MS);
