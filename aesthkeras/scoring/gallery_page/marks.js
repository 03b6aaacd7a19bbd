// Picks and rejects: made by key or button, kept by the browser, taken out as a list, a script or a table.
const MARK_KEYS = {p: "pick", x: "reject", u: ""};

// An entry for each photo: two windows with this page do not overwrite each other's marks.
const KEPT = `aesthkeras ${location.pathname} `;

function readMarks() {
  try {
    const kept = Object.entries(localStorage).filter(([name]) => name.startsWith(KEPT));
    const marks = new Map(kept.map(([name, mark]) => [name.slice(KEPT.length), mark]));
    for (const photo of photos) photo.mark = marks.get(photo.path) || "";
  } catch { notKept(); }
}

function notKept() {
  notice("This browser does not keep the marks of this page. Take them out before you close it: the button Marks.");
}

function keep(photo, mark) {
  photo.mark = mark;
  try {
    if (mark) localStorage.setItem(KEPT + photo.path, mark);
    else localStorage.removeItem(KEPT + photo.path);
  } catch { notKept(); }
}

function setMark(photo, mark) {
  keep(photo, mark);
  sayMark(photo);
  say(`${readable(photo.name)}: ${mark || "unmarked"}`);
}

// Wherever the photo is in sight.
function sayMark(photo) {
  paint(photo);
  for (const group of document.querySelectorAll("dialog[open] .marks")) {
    if (group.photo !== photo) continue;
    for (const button of group.children) button.setAttribute("aria-pressed", button.dataset.mark === photo.mark);
  }
  tally();
}

function tally() {
  const picks = marked("pick").length, rejects = marked("reject").length;
  of("marks").textContent = picks + rejects ? `Marks (${(picks + rejects).toLocaleString("en")})` : "Marks";
  for (const button of document.querySelectorAll("[data-export]")) button.disabled = !{pick: picks, reject: rejects, both: picks + rejects}[of("taken").value];
  of("tally").textContent = `${counted(picks, "pick")} and ${counted(rejects, "reject")} of ${counted(photos.length, "photo")}.`;
}

function unmarkAll() {
  const gone = marked("both");
  if (!gone.length || !confirm(`Remove ${counted(gone.length, "mark")}?`)) return;
  for (const photo of gone) { keep(photo, ""); paint(photo); }
  tally();
}

// Buttons that mark a photo; pressed once more they unmark it.
function bindMarks(group, photo) {
  group.photo = photo;
  for (const button of group.children) {
    button.setAttribute("aria-pressed", button.dataset.mark === photo.mark);
    button.onclick = () => setMark(photo, photo.mark === button.dataset.mark ? "" : button.dataset.mark);
  }
}

// Of a key that marks: true, and the photo is marked.
function markedBy(event, photo) {
  const key = event.key.toLowerCase();
  if (!(key in MARK_KEYS) || isCommand(event)) return false;
  setMark(photo, MARK_KEYS[key]);
  return true;
}

const isCommand = event => event.ctrlKey || event.metaKey || event.altKey;

// Text with bytes as lone surrogates to the bytes that the file system has.
function bytesOf(text) {
  const parts = text.split(/([\udc80-\udcff])/u);
  return parts.map((part, number) => number % 2 ? Uint8Array.of(part.charCodeAt(0) - 0xdc00) : part);
}

// A path of a URL as text, with lone surrogates if it is no UTF-8.
function unquoted(path) {
  try { return decodeURIComponent(path); } catch {
    return unescape(path).replace(/[\x80-\xff]/g, byte => String.fromCharCode(0xdc00 + byte.charCodeAt(0)));
  }
}

// The folder in which relative paths are to be read; "" where only a server knows it.
const readIn = () => location.protocol === "file:" ? unquoted(new URL(HERE, location.href).pathname) : "";

// Names that differ even where capitals do not count: a.jpg, "a (2).jpg".
function differingNames(chosen) {
  const used = new Set();
  return chosen.map(({name}) => {
    const dot = name.lastIndexOf("."), stem = dot > 0 ? name.slice(0, dot) : name, ending = name.slice(stem.length);
    let free = name;
    for (let number = 2; used.has(free.toLowerCase()); number++) free = `${stem} (${number})${ending}`;
    used.add(free.toLowerCase());
    return free;
  });
}

// In single quotes a shell takes everything as it is but the quote itself.
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

function script(chosen) {
  const from = readIn(), names = differingNames(chosen);
  const lines = chosen.map(({path}, number) =>
    `copy ${quoted(path.startsWith("/") || !from ? path : from + path)} ${quoted(names[number])}`);
  return `#!/bin/sh
# Copies ${counted(chosen.length, "photo")} to the folder that is named, or to "chosen" here. Nothing is overwritten.
${from ? "" : "# Run it in the folder in which the photos were scored.\n"}folder=\${1:-chosen}
failed=0
mkdir -p -- "$folder" || exit 1
copy() {
    if [ -e "$folder/$2" ]; then
        printf 'there already: %s\\n' "$2" >&2
    elif cp -p -- "$1" "$folder/.copying"; then
        mv -- "$folder/.copying" "$folder/$2"
    else
        failed=1
    fi
}
${lines.join("\n")}
exit $failed
`;
}

const cell = value => /[",\n\r]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? "");

function table(chosen) {
  const rows = chosen.map(({path, mark, score, rating, fault}) => [path, mark, score, rating, fault]);
  return [["path", "mark", "score", "rating", "seems_wrong"], ...rows].map(row => row.map(cell).join(",") + "\n").join("");
}

function list(chosen) {
  const broken = chosen.filter(({path}) => /[\n\r]/.test(path)).length;
  say(broken ? `${counted(broken, "path")} with a line break cannot stand in a list and ${broken === 1 ? "was" : "were"} left out.` : "");
  return chosen.filter(({path}) => !/[\n\r]/.test(path)).map(({path}) => path + "\n").join("");
}

const marked = which => photos.filter(({mark}) => which === "both" ? mark : mark === which);

function takeOut(kind) {
  const which = of("taken").value, chosen = marked(which);
  const [make, ending] = {list: [list, "txt"], script: [script, "sh"], table: [table, "csv"]}[kind];
  const page = readable(unquoted(location.pathname)).replace(/^.*\//, "").replace(/\.html?$/, "") || "gallery";
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(bytesOf(make(chosen))));
  link.download = `${page} ${which === "both" ? "marks" : `${which}s`}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
