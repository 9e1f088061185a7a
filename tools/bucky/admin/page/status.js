// SPDX-License-Identifier: Apache-2.0
// Asks the node every few seconds and writes what it says into the page. Whatever it says is text:
// elements are made here, by name, and nothing is ever parsed as markup.
'use strict';

const EVERY_MS = 4000;
const WALL_S = 20; // within which a result should be in the archive
const SVG = 'http://www.w3.org/2000/svg';
const opened = new Set(); // studies whose row is unfolded
let range = '6 h';
let last = null;

const byId = (id) => document.getElementById(id);

function element(name, { text, kind, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// --- Words ---

const stamp = (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
const clock = (ms) => new Date(ms).toISOString().slice(11, 16);

function span(ms) {
  const s = Math.max(0, ms / 1000);
  if (s < 10) return s.toFixed(1) + ' s';
  if (s < 120) return Math.round(s) + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  if (s < 172800) return Math.round(s / 3600) + ' h';
  return Math.round(s / 86400) + ' d';
}

const count = (number) => Math.round(number).toLocaleString('en').replaceAll(',', '\u202f');
const number = (value) => element('td', { text: count(value), kind: value === 0 ? 'number faint' : 'number' });
const words = (text, kind) => element('td', { text, kind: kind || '' });

// --- Tables ---

function fill(id, rows) {
  const table = byId(id);
  // What has not changed stays, with a reader's selection and focus in it.
  const said = rows.map((row) => row.textContent).join('\n');
  if (table.dataset.said === said) return;
  table.dataset.said = said;
  const headings = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  for (const cell of rows.flatMap((row) => [...row.cells])) {
    if (cell.colSpan === 1) cell.dataset.heading = headings[cell.cellIndex]; // for narrow screens
  }
  const focused = document.activeElement.textContent;
  table.tBodies[0].replaceChildren(...rows);
  table.hidden = rows.length === 0;
  const again = [...table.querySelectorAll('button')].find((one) => one.textContent === focused);
  if (again) again.focus();
  const empty = table.parentElement.nextElementSibling;
  if (empty && empty.className === 'empty') empty.hidden = rows.length !== 0;
}

function destinationRows(one) {
  const trouble = one.state === 'tries again' || one.state === 'parked';
  const row = element('tr', { kind: one.last_words ? 'has-words' : '' },
    words(one.name), words(one.state, trouble ? 'bad' : 'good'), number(one.waiting),
    number(one.parked), number(one.delivered),
    words(`${one.ae_title} at ${one.address}${one.tls ? ', TLS' : ''}`, 'faint whole'));
  if (!one.last_words) return [row];
  return [row, element('tr', { kind: 'words' }, element('td', { text: one.last_words, colspan: '6' }))];
}

function laneRow(lane, now) {
  const waits = lane.oldest_waiting_ms ? span(now - lane.oldest_waiting_ms) : '-';
  return element('tr', {}, words(lane.lane), number(lane.ready), number(lane.running),
    number(lane.parked), number(lane.done), element('td', { text: waits, kind: 'number' }));
}

function modelRow(model) {
  return element('tr', {}, words(model.name), words(model.version),
    words(model.role), words(model.answers ? 'answers' : 'silent', model.answers ? 'good' : 'bad'),
    number(model.images),
    element('td', { text: String(model.failures), kind: model.failures ? 'number bad' : 'number' }),
    words(model.device));
}

function after(ms, since) {
  return ms ? words('after ' + span(ms - since), 'stamp') : null;
}

function studyRows(study) {
  const name = element('button', {
    text: study.accession_number || '... ' + study.study.slice(-16), kind: 'plain', type: 'button',
    'aria-expanded': String(opened.has(study.study)) });
  name.addEventListener('click', () => {
    if (!opened.delete(study.study)) opened.add(study.study);
    show(last);
  });
  const verdict = after(study.verdict_ms, study.last_image_ms) ||
    words(`${study.pending} of ${study.images} wait`, 'faint');
  const delivered = after(study.delivered_ms, study.last_image_ms) ||
    words(study.deliveries_open ? `${study.deliveries_open} wait` : 'not yet', 'faint');
  const open = opened.has(study.study);
  const row = element('tr', { kind: open ? 'has-words' : '' }, element('td', {}, name),
    number(study.images), words(stamp(study.last_image_ms), 'stamp'), verdict, delivered);
  if (!open) return [row];
  const told = [`Study ${study.study}`, study.state];
  if (study.unread) told.push(`${study.unread} not analysed or failed`);
  if (study.verdict_ms) told.push(`verdict ${stamp(study.verdict_ms)}`);
  if (study.reported_ms) told.push(`report ${stamp(study.reported_ms)}`);
  if (study.delivered_ms) told.push(`delivered ${stamp(study.delivered_ms)}`);
  return [row, element('tr', { kind: 'words' }, element('td', { text: told.join(' \u00b7 '), colspan: '5' }))];
}

// --- Plots ---

const BOX = { height: 190, left: 40, right: 8, top: 10, bottom: 22 };

function niceTop(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

// As wide as the place that it is drawn for, so that its letters keep their size.
function frame(place, bars, top, label) {
  const width = Math.max(240, byId(place).clientWidth);
  const svg = drawn('svg', { viewBox: `0 0 ${width} ${BOX.height}`, role: 'img',
    'aria-label': label });
  const plot = { svg, width,
    x: (at) => BOX.left + (at / bars.length) * (width - BOX.left - BOX.right),
    y: (value) => BOX.height - BOX.bottom - (value / top) * (BOX.height - BOX.top - BOX.bottom) };
  for (const value of [0, top / 2, top]) {
    svg.append(drawn('line', { class: 'axis', x1: BOX.left, x2: width - BOX.right, y1: plot.y(value), y2: plot.y(value) }));
    svg.append(drawn('text', { x: BOX.left - 5, y: plot.y(value) + 4, 'text-anchor': 'end' }, String(value)));
  }
  const places = [[0, 'start'], [Math.floor(bars.length / 2), 'middle'], [bars.length - 1, 'end']];
  for (const [at, anchor] of places) {
    if (bars[at]) svg.append(drawn('text', { x: plot.x(at + (anchor === 'end' ? 1 : 0)), y: BOX.height - 6, 'text-anchor': anchor }, clock(bars[at].from_ms)));
  }
  return plot;
}

// A line breaks where nothing was measured; what stands alone is a dot.
function line(plot, bars, value, kind) {
  let run = [];
  const end = () => {
    if (run.length > 1) plot.svg.append(drawn('polyline', { class: 'line ' + kind, points: run.join(' ') }));
    if (run.length === 1) {
      const [x, y] = run[0].split(',');
      plot.svg.append(drawn('circle', { class: 'dot ' + kind, cx: x, cy: y, r: 3 }));
    }
    run = [];
  };
  bars.forEach((bar, at) => {
    if (value(bar) === null) return end();
    run.push(`${plot.x(at + 0.5).toFixed(1)},${plot.y(value(bar)).toFixed(1)}`);
  });
  end();
}

function legend(...entries) {
  return element('p', { kind: 'legend' }, ...entries.map(([text, kind]) => element('span', { text, kind })));
}

function drawThroughput(bars, minutes) {
  const top = niceTop(Math.max(2, ...bars.map((bar) => Math.max(bar.received, bar.delivered))));
  const total = bars.reduce((sum, bar) => sum + bar.received, 0);
  const plot = frame('throughput', bars, top, `${total} images received in the last ${range}`);
  const width = plot.x(1) - plot.x(0);
  bars.forEach((bar, at) => {
    if (!bar.received) return;
    plot.svg.append(drawn('rect', { class: 'bar', x: plot.x(at) + width * 0.1, width: width * 0.8,
      y: plot.y(bar.received), height: plot.y(0) - plot.y(bar.received) }));
  });
  line(plot, bars, (bar) => bar.delivered || null, '');
  byId('throughput-caption').textContent = minutes === 1 ? 'In a minute' : `In ${minutes} minutes`;
  byId('throughput').replaceChildren(plot.svg,
    legend([`images received: ${count(total)}`, 'first'], ['results delivered', '']));
}

function drawLatency(bars) {
  const told = bars.flatMap((bar) => [bar.verdict_half_s, bar.delivered_most_s]).filter((s) => s !== null);
  const top = niceTop(Math.max(WALL_S * 1.25, ...told));
  const plot = frame('latency', bars, top, 'Seconds from the last byte to verdict and delivery');
  plot.svg.append(drawn('line', { class: 'wall', x1: BOX.left, x2: plot.width - BOX.right, y1: plot.y(WALL_S), y2: plot.y(WALL_S) }));
  line(plot, bars, (bar) => bar.verdict_half_s, 'first');
  line(plot, bars, (bar) => bar.delivered_most_s, '');
  byId('latency').replaceChildren(plot.svg, legend(['verdict, half of them', 'first'],
    ['delivered, 95 of 100', ''], [`${WALL_S} s`, 'wall']));
}

function drawPlots(plots) {
  const bars = plots[range];
  drawThroughput(bars, bars.length > 1 ? (bars[1].from_ms - bars[0].from_ms) / 60000 : 1);
  drawLatency(bars);
}

// --- The whole page ---

function show(status) {
  const ready = status.not_ready.length === 0;
  document.title = (status.troubles.length ? '! ' : '') + status.ae_title + ' \u2013 Bucky';
  byId('ae-title').textContent = status.ae_title;
  byId('state').textContent = ready ? 'takes images' : 'takes no images: ' + status.not_ready[0];
  byId('state').className = ready ? 'good' : 'bad';
  byId('as-of').textContent = `Bucky ${status.version}, up ${span(status.now_ms - status.since_ms)}, ` +
    `${count(status.free_bytes / 1e9)} of ${count(status.disk_bytes / 1e9)} GB free, ` +
    `${stamp(status.now_ms)} UTC`;
  for (const id of ['troubles', 'notes']) {
    byId(id).hidden = status[id].length === 0;
    byId(id).querySelector('ul').replaceChildren(
      ...status[id].map((text) => element('li', { text })));
  }
  fill('destinations', status.destinations.flatMap(destinationRows));
  fill('lanes', status.lanes.map((lane) => laneRow(lane, status.now_ms)));
  fill('models', status.models.map(modelRow));
  fill('studies', status.studies.flatMap(studyRows));
  drawPlots(status.plots);
}

async function ask() {
  try {
    // Without the name and the password that the page's own address may carry.
    const where = new URL('status.json', location.origin + location.pathname);
    const answer = await fetch(where, { cache: 'no-store', signal: AbortSignal.timeout(EVERY_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    last = await answer.json();
    document.body.classList.remove('stale');
    show(last);
  } catch (error) {
    document.body.classList.add('stale');
    byId('state').className = 'bad';
    byId('state').textContent = `does not answer (${error.message})` +
      (last ? `; below is what it said at ${clock(last.now_ms)} UTC` : '');
  }
  setTimeout(ask, EVERY_MS);
}

window.addEventListener('resize', () => last && drawPlots(last.plots));
for (const button of document.querySelectorAll('.ranges button')) {
  button.addEventListener('click', () => {
    range = button.textContent;
    for (const other of document.querySelectorAll('.ranges button')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    if (last) drawPlots(last.plots);
  });
}
ask();
