// What is known of the photos. The best has place 0, and details are read a chunk at a time.
const photos = [], shown = new Map(), waiting = new Map(), lost = new Set();
const CHUNKS_KEPT = 60;
const of = id => document.getElementById(id);

// Called by the data: what filters and orders need, and what is shown.
function index(number, rows) {
  for (const [path, score, fault, rating, taken, width, height, group, best] of rows) {
    const name = path.slice(path.lastIndexOf("/") + 1), pixels = width * height || null;
    photos.push({place: photos.length, path, name, score, fault, rating, taken, width, height, pixels, group, best, mark: ""});
  }
}
function details(number, rows) {
  shown.set(number, rows);
  for (const done of waiting.get(number) || []) done();
  waiting.delete(number);
}

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const folder = () => `${decodeURIComponent(SIDE)}/`;
// a byte of a file's name that is no UTF-8 is a lone surrogate here, as Python has it
const readable = path => path.replace(/[\udc80-\udcff]/gu, byte => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16)}`);

// To a screen reader, which hears only the dialog that is open; the menu of marks shows it, too.
function say(text) {
  for (const line of document.querySelectorAll(".said")) line.textContent = text;
}

function notice(text) {
  of("notice").textContent = text;
  of("notice").hidden = false;
}

function detailsOf({place}) {
  const number = Math.floor(place / CHUNK), file = `${number}.js`;
  const row = () => shown.has(number) ? shown.get(number)[place % CHUNK] : {lost: file};
  if (shown.has(number)) return Promise.resolve(row());
  return new Promise(done => {
    if (waiting.has(number)) { waiting.get(number).push(() => done(row())); return; }
    waiting.set(number, [() => done(row())]);
    if (shown.size > CHUNKS_KEPT) shown.delete(shown.keys().next().value);
    const script = document.createElement("script");
    script.src = `${SIDE}/${file}`;
    script.onload = script.onerror = () => {
      script.remove();
      if (shown.has(number)) return;
      lost.add(file);
      for (const waits of waiting.get(number) || []) waits();
      waiting.delete(number);
      notice(`${counted(lost.size, "file")} of the folder ${folder()} beside this page ${lost.size === 1 ? "is" : "are"} ` +
        `missing or damaged: ${[...lost].slice(0, 5).join(", ")}${lost.size > 5 ? ", …" : ""}. ` +
        `The photos of ${lost.size === 1 ? "that file" : "those files"} have no picture here. Copy the folder anew.`);
    };
    document.head.append(script);
  });
}
